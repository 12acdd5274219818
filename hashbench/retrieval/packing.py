"""Codes and labels as bits in machine words."""

from __future__ import annotations

import numpy as np
from numpy.typing import DTypeLike

from hashbench.typing import Bool, UInt


def pack(rows: np.ndarray) -> UInt[np.ndarray, "n words"]:
    """Positive entries of (n, k) as bits: codes in {-1, +1} or {0, 1}, or 0/1 labels. Unused bits are zero.

    One 32-bit word a row for k up to 32, 64-bit words beyond: a narrow row is compared twice as fast.
    """
    return _words(rows, np.uint32 if rows.shape[1] <= 32 else np.uint64)


def _words(rows: np.ndarray, word: DTypeLike) -> np.ndarray:
    bits = np.packbits(rows > 0, axis=1)
    spare = -bits.shape[1] % np.dtype(word).itemsize
    words: np.ndarray = np.ascontiguousarray(np.pad(bits, ((0, 0), (0, spare)))).view(word)
    return words


def unpack(words: UInt[np.ndarray, "n words"], width: int) -> np.ndarray:
    """(n, width) uint8 of 0 and 1: what `pack` packed."""
    bits: np.ndarray = np.unpackbits(words.view(np.uint8), axis=1, count=width)
    return bits


def hamming(code: UInt[np.ndarray, "*q words"], codes: UInt[np.ndarray, "n words"]) -> UInt[np.ndarray, "*q n"]:
    """(..., n) Hamming distances of one packed code, or of several, to many; uint8 where one word holds a code, else uint16."""
    distances: np.ndarray = np.bitwise_count(codes[:, 0] ^ code[..., 0, None])
    for word in range(1, codes.shape[1]):
        distances = distances + np.bitwise_count(codes[:, word] ^ code[..., word, None]).astype(np.uint16)
    return distances


def shares_class(labels: UInt[np.ndarray, "*q words"], many: UInt[np.ndarray, "n words"]) -> Bool[np.ndarray, "*q n"]:
    """(..., n) which packed label rows have a class in common with those of one, or of several."""
    shared: np.ndarray = (many[:, 0] & labels[..., 0, None]) != 0
    for word in range(1, many.shape[1]):
        shared |= (many[:, word] & labels[..., word, None]) != 0
    return shared


def distinct(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Distinct rows of (n, k) labels or codes that `pack` tells apart, in lexicographic order, and how often each is there."""
    words = _words(rows, ">u8").astype(np.uint64)  # the first column weighs most
    keys = words[:, 0] if words.shape[1] == 1 else words
    _, first, counts = np.unique(keys, axis=0, return_index=True, return_counts=True)
    return rows[first], counts
