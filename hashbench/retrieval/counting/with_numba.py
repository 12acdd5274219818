"""Counting with a kernel compiled by numba, the extra `hashbench[fast]`.

For each query a block of rows becomes keys, 2 * distance + relevant, in a small buffer; the keys are then read eight bytes at a
time into four histograms, so that equal neighbours do not wait for each other.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba
import numpy as np
from numba.extending import intrinsic

from hashbench.retrieval.counting import Packed
from hashbench.typing import Int

_BLOCK = 4096


@intrinsic  # type: ignore[untyped-decorator]
def _popcount(context: Any, word: Any) -> tuple[Any, Callable[..., Any]]:
    def generate(_: Any, builder: Any, __: Any, arguments: Any) -> Any:
        return builder.ctpop(arguments[0])

    return word(word), generate


@numba.njit(nogil=True, cache=True)
def _key_block(code, label, codes, labels, start, stop, keys):  # type: ignore[no-untyped-def] # pragma: no cover - compiled
    """keys[i] = 2 * distance + relevant of row start + i. `codes` and `labels` are (words, n).

    Rows are sliced to 1-D arrays that start at 0 before the loops: otherwise these are not vectorised.
    """
    size, kind = stop - start, keys.dtype.type
    word, first, own, wanted = codes[0, start:stop], labels[0, start:stop], code[0], label[0]
    for i in range(size):
        keys[i] = kind(_popcount(word[i] ^ own)) * kind(2) + kind((first[i] & wanted) != 0)
    for w in range(1, len(code)):
        more, mine = codes[w, start:stop], code[w]
        for i in range(size):
            keys[i] += kind(_popcount(more[i] ^ mine)) * kind(2)
    for w in range(1, len(label)):
        others, asked = labels[w, start:stop], label[w]
        for i in range(size):
            keys[i] |= kind((others[i] & asked) != 0)


@numba.njit(nogil=True, cache=True)
def _count_bytes(keys, size, histograms):  # type: ignore[no-untyped-def] # pragma: no cover - compiled
    eights = keys[: size - size % 8].view(np.uint64)
    for eight in eights:
        histograms[0, eight & 255] += 1
        histograms[1, (eight >> 8) & 255] += 1
        histograms[2, (eight >> 16) & 255] += 1
        histograms[3, (eight >> 24) & 255] += 1
        histograms[0, (eight >> 32) & 255] += 1
        histograms[1, (eight >> 40) & 255] += 1
        histograms[2, (eight >> 48) & 255] += 1
        histograms[3, eight >> 56] += 1
    for i in range(size - size % 8, size):
        histograms[0, keys[i]] += 1


@numba.njit(nogil=True, cache=True)
def _count_words(keys, size, histograms):  # type: ignore[no-untyped-def] # pragma: no cover - compiled
    for i in range(size):
        histograms[i & 3, keys[i]] += 1


@numba.njit(nogil=True, cache=True)
def _count_times(keys, size, times, start, histograms):  # type: ignore[no-untyped-def] # pragma: no cover - compiled
    for i in range(size):
        histograms[i & 3, keys[i]] += times[start + i]


@numba.njit(nogil=True, cache=True)
def _count(query_codes, query_labels, codes, labels, times, keys, histograms, counts):  # type: ignore[no-untyped-def] # pragma: no cover - compiled
    rows, block, byte = codes.shape[1], len(keys), keys.itemsize == 1
    for start in range(0, rows, block):
        stop = min(start + block, rows)
        for q in range(len(query_codes)):
            _key_block(query_codes[q], query_labels[q], codes, labels, start, stop, keys)
            histograms[:] = 0
            if len(times):
                _count_times(keys, stop - start, times, start, histograms)
            elif byte:
                _count_bytes(keys, stop - start, histograms)
            else:
                _count_words(keys, stop - start, histograms)
            for key in range(counts.shape[1]):
                counts[q, key] += histograms[0, key] + histograms[1, key] + histograms[2, key] + histograms[3, key]


def count(queries: Packed, shard: Packed, bits: int, counts: Int[np.ndarray, "q d 2"]) -> None:
    """Add the rows of `shard` to `counts`."""
    span = 2 * (bits + 1)
    keys = np.empty(_BLOCK, dtype=np.uint8 if span <= 256 else np.uint16)
    columns = (np.ascontiguousarray(shard.codes.T), np.ascontiguousarray(shard.labels.T))
    times = np.empty(0, dtype=np.int64) if shard.times is None else shard.times
    histograms = np.zeros((4, max(span, 256)), dtype=np.int64)
    _count(queries.codes, queries.labels, *columns, times, keys, histograms, counts.reshape(len(queries), span))
