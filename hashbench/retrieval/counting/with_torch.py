"""Counting with torch: matrix products of codes, on a GPU where there is one."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from hashbench.retrieval.counting import Packed
from hashbench.retrieval.packing import unpack
from hashbench.typing import Int, UInt

_PAIRS = 1 << 22
"""Pairs of query and row at a time."""


def count(queries: Packed, shard: Packed, bits: int, counts: Int[np.ndarray, "q d 2"]) -> None:
    """Add the rows of `shard` to `counts`. Products of -1 and +1 up to 256 bits are exact in float32."""
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    query_codes, query_labels = 2 * _floats(queries.codes, bits, device) - 1, _floats(queries.labels, None, device)
    total = torch.zeros(len(queries), 2 * (bits + 1), dtype=torch.int64, device=device)
    block = max(1, _PAIRS // max(1, len(queries)))
    for start in range(0, len(shard), block):
        stop = start + block
        codes = 2 * _floats(shard.codes[start:stop], bits, device) - 1
        relevant = query_labels @ _floats(shard.labels[start:stop], None, device).T > 0
        keys = (bits - query_codes @ codes.T).long() + relevant
        times = torch.ones(1, dtype=torch.int64) if shard.times is None else torch.from_numpy(shard.times[start:stop])
        total.scatter_add_(1, keys, times.to(device).expand(keys.shape))
    counts += total.cpu().numpy().reshape(counts.shape)


def _floats(words: UInt[np.ndarray, "n words"], width: int | None, device: torch.device) -> Tensor:
    """(n, width) of 0 and 1, all bits for None."""
    bits = unpack(words, words.shape[1] * words.itemsize * 8 if width is None else width)
    return torch.from_numpy(bits).to(device).float()
