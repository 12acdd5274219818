"""The first N by NumPy: those within the radius that holds N, sorted stably."""

from __future__ import annotations

import numpy as np

from hashbench.retrieval.packing import hamming
from hashbench.typing import Int, UInt


def nearest(
    queries: UInt[np.ndarray, "q words"], database: UInt[np.ndarray, "n words"], bits: int, count: int
) -> tuple[Int[np.ndarray, "q count"], Int[np.ndarray, "q count"]]:
    """Positions and distances of the first `count` rows."""
    ids, distances = (np.empty((len(queries), count), dtype=np.int64) for _ in range(2))
    for row, code in enumerate(queries):
        found = hamming(code, database)
        radius = int(np.searchsorted(np.bincount(found, minlength=bits + 1).cumsum(), count))
        within = np.flatnonzero(found <= radius)
        ids[row] = within[np.argsort(found[within], kind="stable")[:count]]
        distances[row] = found[ids[row]]
    return ids, distances
