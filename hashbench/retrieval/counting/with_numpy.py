"""Counting with NumPy alone: the backend that is always there."""

from __future__ import annotations

import numpy as np

from hashbench.retrieval.counting import Packed
from hashbench.retrieval.packing import hamming, shares_class
from hashbench.typing import Int

_BLOCK = 1 << 16
"""Pairs of a query and a row at a time, so that the temporary arrays stay in cache."""


def count(queries: Packed, shard: Packed, bits: int, counts: Int[np.ndarray, "q d 2"]) -> None:
    """Add the rows of `shard` to `counts`."""
    together = max(_BLOCK // max(len(shard), 1), 1)
    bins = 2 * (bits + 1)
    for start in range(0, len(shard), _BLOCK):
        codes, labels = shard.codes[start : start + _BLOCK], shard.labels[start : start + _BLOCK]
        times = None if shard.times is None else shard.times[start : start + _BLOCK]
        for first in range(0, len(queries), together):
            some = slice(first, first + together)
            keys = 2 * hamming(queries.codes[some], codes) + shares_class(queries.labels[some], labels)
            often = times
            if len(keys) > 1:  # each query counts into bins of its own
                keys = keys + np.arange(len(keys))[:, None] * bins
                often = None if times is None else np.tile(times, len(keys))
            counted = np.bincount(keys.ravel(), often, minlength=len(keys) * bins)
            counts[some] += counted.astype(np.int64).reshape(-1, bits + 1, 2)
