"""Merging equal rows of a shard: hashed databases repeat themselves, and each distinct row needs counting once."""

from __future__ import annotations

import numpy as np

from hashbench.retrieval.counting import Packed

_WORTH_SHARE = 0.75
_WORTH_QUERIES = 64


def merge_equal(shard: Packed, queries: int) -> Packed:
    """The shard with equal (labels, code) rows merged, where that pays: many queries, and under 75 % distinct rows."""
    if queries < _WORTH_QUERIES or len(shard) < 2 or shard.times is not None:
        return shard
    order = np.argsort(_mixed(shard))
    codes, labels = shard.codes[order], shard.labels[order]
    new = np.ones(len(order), dtype=bool)
    new[1:] = (codes[1:] != codes[:-1]).any(1) | (labels[1:] != labels[:-1]).any(1)
    starts = np.flatnonzero(new)
    if len(starts) > _WORTH_SHARE * len(order):
        return shard
    return Packed(codes[starts], labels[starts], np.diff(np.append(starts, len(order))))


def _mixed(shard: Packed) -> np.ndarray:
    """(n,) uint64: equal rows mix to equal numbers. Where unequal ones do too, rows merge less, never wrongly."""
    mixed = np.zeros(len(shard), dtype=np.uint64)
    for words in (shard.codes, shard.labels):
        for word in words.T:
            mixed = (mixed ^ word) * np.uint64(0x9E3779B97F4A7C15)
            mixed ^= mixed >> np.uint64(29)
    return mixed
