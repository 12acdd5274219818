"""Codes and labels as bits in 64-bit words."""

from __future__ import annotations

import numpy as np

from hashbench.typing import UInt64


def pack(rows: np.ndarray) -> UInt64[np.ndarray, "n words"]:
    """Positive entries of (n, k) as bits: codes in {-1, +1} or {0, 1}, or 0/1 labels. Unused bits are zero."""
    bits = np.packbits(rows > 0, axis=1)
    spare = -bits.shape[1] % 8
    padded = np.ascontiguousarray(np.pad(bits, ((0, 0), (0, spare))))
    words: np.ndarray = padded.view(np.uint64)
    return words


def hamming(code: UInt64[np.ndarray, " words"], codes: UInt64[np.ndarray, "n words"]) -> np.ndarray:
    """(n,) Hamming distances of one packed code to many."""
    distances: np.ndarray = np.bitwise_count(codes[:, 0] ^ code[0]).astype(np.intp)
    for word in range(1, len(code)):
        distances += np.bitwise_count(codes[:, word] ^ code[word])
    return distances


def shares_class(labels: UInt64[np.ndarray, " words"], many: UInt64[np.ndarray, "n words"]) -> np.ndarray:
    """(n,) bool: which packed label rows have a class in common with one."""
    shared: np.ndarray = (many[:, 0] & labels[0]) != 0
    for word in range(1, len(labels)):
        shared |= (many[:, word] & labels[word]) != 0
    return shared
