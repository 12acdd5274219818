"""Average precision of a ranking by Euclidean distance, for the raw-pixel control."""

from __future__ import annotations

import numpy as np


def euclidean_ap(queries: np.ndarray, database: np.ndarray, query_labels: np.ndarray, database_labels: np.ndarray) -> np.ndarray:
    """(Q,) AP over all ranks of (Q, D) and (N, D) vectors; relevant: shares a class. Ties, if any, by position."""
    norms = np.square(database, dtype=np.float32).sum(1)
    relevant_to = database_labels.T.astype(np.float32)
    result = np.zeros(len(queries))
    for i, query in enumerate(queries):
        order = np.argsort(norms - 2 * (database @ query), kind="stable")
        ranks = np.flatnonzero((query_labels[i].astype(np.float32) @ relevant_to)[order] > 0) + 1
        if len(ranks):
            result[i] = np.mean(np.arange(1, len(ranks) + 1) / ranks)
    return result
