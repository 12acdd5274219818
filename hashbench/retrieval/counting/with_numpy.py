"""Counting with NumPy alone: the backend that is always there."""

from __future__ import annotations

import numpy as np

from hashbench.retrieval.counting import Packed
from hashbench.retrieval.packing import hamming, shares_class
from hashbench.typing import Int

_BLOCK = 1 << 16
"""Rows at a time, so that the temporary arrays stay in cache."""


def count(queries: Packed, shard: Packed, bits: int, counts: Int[np.ndarray, "q d 2"]) -> None:
    """Add the rows of `shard` to `counts`."""
    for start in range(0, len(shard), _BLOCK):
        stop = start + _BLOCK
        codes, labels = shard.codes[start:stop], shard.labels[start:stop]
        times = None if shard.times is None else shard.times[start:stop]
        for i, (code, label) in enumerate(zip(queries.codes, queries.labels, strict=True)):
            keys = 2 * hamming(code, codes) + shares_class(label, labels)
            counted = np.bincount(keys, times, minlength=2 * (bits + 1))
            counts[i] += counted.astype(np.int64).reshape(-1, 2)
