"""Curves from distance counts: precision and recall at N items (in expectation over ties) and by radius; mean distances."""

from __future__ import annotations

import numpy as np

from hashbench.typing import Int


def hits_at(items: Int[np.ndarray, "q d"], relevant: Int[np.ndarray, "q d"], tops: np.ndarray) -> np.ndarray:
    """(Q, len(tops)) expected relevant items among the first N of a ranking, for N in `tops`."""
    edges = np.concatenate([np.zeros((len(items), 1)), np.cumsum(items, 1)], axis=1)
    found = np.concatenate([np.zeros((len(items), 1)), np.cumsum(relevant, 1)], axis=1)
    return np.stack([np.interp(tops, edge, hits) for edge, hits in zip(edges, found, strict=True)])


def precision_at(items: Int[np.ndarray, "q d"], relevant: Int[np.ndarray, "q d"], tops: np.ndarray) -> np.ndarray:
    """(Q, len(tops)) expected share of relevant items among the first N."""
    return hits_at(items, relevant, tops) / tops


def recall_at(items: Int[np.ndarray, "q d"], relevant: Int[np.ndarray, "q d"], tops: np.ndarray) -> np.ndarray:
    """(Q, len(tops)) expected share of all relevant items that is among the first N; 0 for a query without any."""
    return hits_at(items, relevant, tops) / np.maximum(relevant.sum(1, keepdims=True), 1)


def by_radius(items: Int[np.ndarray, "q d"], relevant: Int[np.ndarray, "q d"]) -> tuple[np.ndarray, np.ndarray]:
    """Precision and recall (Q, K + 1) within each Hamming radius; the precision of an empty ball is 0."""
    within, hits = np.cumsum(items, 1), np.cumsum(relevant, 1)
    return hits / np.maximum(within, 1), hits / np.maximum(hits[:, -1:], 1)


def mean_distance(counts: Int[np.ndarray, "q d"]) -> np.ndarray:
    """(Q,) mean Hamming distance, in bits, of the counted items of each query; nan where there is none."""
    total = counts.sum(1)
    return np.where(total > 0, counts @ np.arange(counts.shape[1]) / np.maximum(total, 1), np.nan)
