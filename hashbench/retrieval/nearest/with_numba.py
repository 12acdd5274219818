"""The first N by a kernel compiled by numba, the extra `hashbench[fast]`.

One pass writes distances and counts them, which says how far the N-th is; a second puts every row within that radius in the next
free place of its distance.
"""

from __future__ import annotations

import numba
import numpy as np

from hashbench.retrieval.counting.with_numba import _count_bytes, _count_words, _popcount
from hashbench.typing import Int, UInt

_BLOCK = 4096


@numba.njit(nogil=True, cache=True)
def _measure(code, columns, start, stop, distances):  # type: ignore[no-untyped-def] # pragma: no cover - compiled
    """Distances of a block of rows. `columns` is (words, n); rows are sliced first, or the loops are not vectorised."""
    kind, word, own, block = distances.dtype.type, columns[0, start:stop], code[0], distances[start:stop]
    for i in range(stop - start):
        block[i] = kind(_popcount(word[i] ^ own))
    for w in range(1, len(code)):
        more, mine = columns[w, start:stop], code[w]
        for i in range(stop - start):
            block[i] += kind(_popcount(more[i] ^ mine))


@numba.njit(nogil=True, cache=True)
def _place(distances, radius, free, ids, found):  # type: ignore[no-untyped-def] # pragma: no cover - compiled
    for i in range(len(distances)):
        distance = distances[i]
        if distance <= radius:
            place = free[distance]
            if place < len(ids):
                ids[place] = i
                found[place] = distance
                free[distance] = place + 1


@numba.njit(nogil=True, cache=True)
def _nearest(queries, columns, distances, histograms, ids, found):  # type: ignore[no-untyped-def] # pragma: no cover - compiled
    rows, count, byte = columns.shape[1], ids.shape[1], distances.itemsize == 1
    free = np.zeros(histograms.shape[1] + 1, dtype=np.int64)
    for q in range(len(queries)):
        histograms[:] = 0
        for start in range(0, rows, _BLOCK):
            stop = min(start + _BLOCK, rows)
            _measure(queries[q], columns, start, stop, distances)
            if byte:
                _count_bytes(distances[start:stop], stop - start, histograms)
            else:
                _count_words(distances[start:stop], stop - start, histograms)
        radius = -1
        before = 0
        while before < count:
            radius += 1
            free[radius] = before
            before += histograms[0, radius] + histograms[1, radius] + histograms[2, radius] + histograms[3, radius]
        _place(distances, radius, free, ids[q], found[q])


def nearest(
    queries: UInt[np.ndarray, "q words"], database: UInt[np.ndarray, "n words"], bits: int, count: int
) -> tuple[Int[np.ndarray, "q count"], Int[np.ndarray, "q count"]]:
    """Positions and distances of the first `count` rows."""
    ids, found = (np.empty((len(queries), count), dtype=np.int64) for _ in range(2))
    distances = np.empty(len(database), dtype=np.uint8 if bits < 256 else np.uint16)
    histograms = np.zeros((4, max(bits + 1, 256)), dtype=np.int64)
    _nearest(queries, np.ascontiguousarray(database.T), distances, histograms, ids, found)
    return ids, found
