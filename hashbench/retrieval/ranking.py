"""A Hamming ranking of a database for many queries, held as two counts a distance."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from hashbench.retrieval.average_precision import best_ap, expected_ap, worst_ap
from hashbench.retrieval.curves import by_radius, precision_at, recall_at
from hashbench.retrieval.packing import hamming, pack, shares_class
from hashbench.typing import Int


@dataclass(frozen=True)
class Scores:
    """Per-query metrics of a ranking; `.mean()` of each is what papers print."""

    ap: np.ndarray
    """(Q,) tie-aware, all ranks; 0 for a query without relevant items."""
    ap_worst: np.ndarray
    ap_best: np.ndarray
    relevant: np.ndarray
    """(Q,) relevant items in the database."""
    tops: np.ndarray
    precision_at: np.ndarray
    """(Q, tops)"""
    recall_at: np.ndarray
    precision_by_radius: np.ndarray
    """(Q, K + 1)"""
    recall_by_radius: np.ndarray


class HammingRanking:
    """Counts of items and of relevant items at every distance. Shards of the database add up, in any order.

    Relevant: shares at least one class with the query.
    """

    def __init__(self, query_codes: np.ndarray, query_labels: np.ndarray) -> None:
        """`query_codes` (Q, K) in {-1, +1} or {0, 1}; `query_labels` (Q, C) of 0/1."""
        if len(query_codes) != len(query_labels):
            raise ValueError(f"{len(query_codes)} query codes and {len(query_labels)} label rows.")
        self.bits = query_codes.shape[1]
        self._codes, self._labels = pack(query_codes), pack(query_labels)
        self.items: Int[np.ndarray, "q d"] = np.zeros((len(query_codes), self.bits + 1), dtype=np.int64)
        self.relevant: Int[np.ndarray, "q d"] = np.zeros_like(self.items)

    def update(self, database_codes: np.ndarray, database_labels: np.ndarray) -> None:
        """Count a shard: (N, K) codes and (N, C) labels."""
        if database_codes.shape[1] != self.bits:
            raise ValueError(f"database codes have {database_codes.shape[1]} bits, queries {self.bits}.")
        codes, labels = pack(database_codes), pack(database_labels)
        for i, (code, label) in enumerate(zip(self._codes, self._labels, strict=True)):
            keys = hamming(code, codes) * 2 + shares_class(label, labels)
            counts = np.bincount(keys, minlength=2 * (self.bits + 1)).reshape(-1, 2)
            self.items[i] += counts.sum(1)
            self.relevant[i] += counts[:, 1]

    def merge(self, other: HammingRanking) -> None:
        """Add the counts of the same queries over another shard."""
        if not (np.array_equal(self._codes, other._codes) and np.array_equal(self._labels, other._labels)):
            raise ValueError("only rankings of the same queries can be merged.")
        self.items += other.items
        self.relevant += other.relevant

    def compute(self, top_n: Iterable[int] = (1, 5, 10, 50, 100)) -> Scores:
        """All metrics that follow from the counts."""
        tops = np.array(list(top_n), dtype=np.int64)
        tops = tops[tops <= self.items.sum(1).max(initial=0)]
        items, relevant = self.items, self.relevant
        precision, recall = by_radius(items, relevant)
        return Scores(
            ap=expected_ap(items, relevant),
            ap_worst=worst_ap(items, relevant),
            ap_best=best_ap(items, relevant),
            relevant=relevant.sum(1),
            tops=tops,
            precision_at=precision_at(items, relevant, tops),
            recall_at=recall_at(items, relevant, tops),
            precision_by_radius=precision,
            recall_by_radius=recall,
        )

    def index_order_ap(self, shards: Iterable[tuple[np.ndarray, np.ndarray]]) -> np.ndarray:
        """(Q,) AP with ties broken by database position, the published protocol. `shards` in database order."""
        parts = [(pack(codes), pack(labels)) for codes, labels in shards]
        codes, labels = (np.concatenate(part) for part in zip(*parts, strict=True))
        result = np.zeros(len(self._codes))
        for i, (code, label) in enumerate(zip(self._codes, self._labels, strict=True)):
            order = np.argsort(hamming(code, codes).astype(np.uint16), kind="stable")
            ranks = np.flatnonzero(shares_class(label, labels)[order]) + 1
            if len(ranks):
                result[i] = np.mean(np.arange(1, len(ranks) + 1) / ranks)
        return result

    def floor(self) -> np.ndarray:
        """(Q,) expected AP of a random ranking of the same items: about the share that is relevant."""
        return expected_ap(self.items.sum(1, keepdims=True), self.relevant.sum(1, keepdims=True))
