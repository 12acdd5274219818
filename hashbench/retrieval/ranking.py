"""A Hamming ranking of a database for many queries, held as two counts a distance."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from hashbench.retrieval.average_precision import average, best_share, expected_share, worst_share
from hashbench.retrieval.counting import Packed, counter
from hashbench.retrieval.counting.merging import merge_equal
from hashbench.retrieval.curves import by_radius, precision_at, recall_at
from hashbench.retrieval.cutoff import Normaliser, ap_at
from hashbench.retrieval.packing import hamming, pack, shares_class
from hashbench.typing import Int

_SHARD = 1 << 18
"""Database rows packed and merged at a time."""


@dataclass(frozen=True)
class Scores:
    """Per-query metrics of a ranking; `.mean()` of each is what papers print."""

    ap: np.ndarray
    """(Q,) tie-aware; 0 for a query without relevant items."""
    ap_worst: np.ndarray
    ap_best: np.ndarray
    relevant: np.ndarray
    """(Q,) relevant items in the database."""
    tops: np.ndarray
    precision_at: np.ndarray
    """(Q, tops)"""
    recall_at: np.ndarray
    precision_by_radius: np.ndarray
    """(Q, K + 1); column 2 is the field's "precision within Hamming radius 2"."""
    recall_by_radius: np.ndarray


class HammingRanking:
    """Counts of items and of relevant items at every distance. Shards of the database add up, in any order.

    Relevant: shares at least one class with the query. The counts say everything but index-order AP.
    """

    def __init__(self, query_codes: np.ndarray, query_labels: np.ndarray, backend: str = "auto") -> None:
        """`query_codes` (Q, K) in {-1, +1} or {0, 1}, K up to 256; `query_labels` (Q, C) of 0/1.

        `backend`: auto, numpy, numba (the extra `hashbench[fast]`) or torch (a GPU where there is one); all count alike.
        """
        if len(query_codes) != len(query_labels):
            raise ValueError(f"{len(query_codes)} query codes and {len(query_labels)} label rows.")
        self.bits, self.classes = query_codes.shape[1], query_labels.shape[1]
        if not 1 <= self.bits <= 256:
            raise ValueError(f"codes of {self.bits} bits: 1 to 256 can be ranked.")
        self._backend = backend
        self._queries = Packed(pack(query_codes), pack(query_labels))
        self.counts: Int[np.ndarray, "q d 2"] = np.zeros((len(query_codes), self.bits + 1, 2), dtype=np.int64)

    @classmethod
    def from_counts(cls, items: Int[np.ndarray, "q d"], relevant: Int[np.ndarray, "q d"]) -> HammingRanking:
        """A ranking of stored counts: every metric again without the codes, but nothing can be added to it."""
        ranking = cls(np.zeros((0, items.shape[1] - 1), dtype=np.int8), np.zeros((0, 1), dtype=np.uint8))
        ranking.counts = np.stack([items - relevant, relevant], axis=2).astype(np.int64)
        return ranking

    @property
    def items(self) -> Int[np.ndarray, "q d"]:
        """Database items at each distance."""
        total: np.ndarray = self.counts.sum(2)
        return total

    @property
    def relevant(self) -> Int[np.ndarray, "q d"]:
        """Relevant ones among them."""
        return self.counts[:, :, 1]

    def update(self, database_codes: np.ndarray, database_labels: np.ndarray) -> None:
        """Count a shard: (N, K) codes and (N, C) labels."""
        self._check(database_codes, database_labels)
        self._check_codes("rank more rows by")
        count = counter(self._backend, len(self._queries) * len(database_codes))
        for start in range(0, len(database_codes), _SHARD):
            stop = start + _SHARD
            shard = Packed(pack(database_codes[start:stop]), pack(database_labels[start:stop]))
            count(self._queries, merge_equal(shard, len(self._queries)), self.bits, self.counts)

    def merge(self, other: HammingRanking) -> None:
        """Add the counts of the same queries over another shard."""
        mine, theirs = self._queries, other._queries
        self._check_codes("merge")
        other._check_codes("merge")
        if not (np.array_equal(mine.codes, theirs.codes) and np.array_equal(mine.labels, theirs.labels)):
            raise ValueError("only rankings of the same queries can be merged.")
        self.counts += other.counts

    def ap(self, cutoff: int | None = None, normaliser: Normaliser = "hits") -> np.ndarray:
        """(Q,) tie-aware AP alone, as `compute` has it."""
        return _expected_ap(self.items, self.relevant, cutoff, normaliser)

    def compute(
        self, top_n: Iterable[int] = (1, 5, 10, 50, 100), cutoff: int | None = None, normaliser: Normaliser = "hits"
    ) -> Scores:
        """All metrics that follow from the counts; AP over all ranks, or of the first `cutoff` divided as `normaliser` says."""
        items, relevant = self.items, self.relevant
        tops = np.array(list(top_n), dtype=np.int64)
        tops = tops[tops <= items.sum(1).max(initial=0)]
        if cutoff is None:
            expected, worst, best = (average(s(items, relevant), relevant) for s in (expected_share, worst_share, best_share))
        else:
            expected, worst, best = ap_at(items, relevant, cutoff, normaliser)
        precision, recall = by_radius(items, relevant)
        return Scores(
            ap=expected,
            ap_worst=worst,
            ap_best=best,
            relevant=relevant.sum(1),
            tops=tops,
            precision_at=precision_at(items, relevant, tops),
            recall_at=recall_at(items, relevant, tops),
            precision_by_radius=precision,
            recall_by_radius=recall,
        )

    def index_order_ap(
        self,
        shards: Iterable[tuple[np.ndarray, np.ndarray]],
        cutoff: int | None = None,
        normaliser: Normaliser = "hits",
    ) -> np.ndarray:
        """(Q,) AP with ties broken by database position, the published protocol. `shards` in database order."""
        self._check_codes("order the database by")
        parts: list[Packed] = []
        for codes, labels in shards:
            self._check(codes, labels)
            parts.append(Packed(pack(codes), pack(labels)))
        all_codes, all_labels = np.concatenate([part.codes for part in parts]), np.concatenate([part.labels for part in parts])
        result = np.zeros(len(self._queries))
        for i, (code, label) in enumerate(zip(self._queries.codes, self._queries.labels, strict=True)):
            order = np.argsort(hamming(code, all_codes), kind="stable")
            ranks = np.flatnonzero(shares_class(label, all_labels)[order]) + 1
            everything = len(ranks)
            if cutoff is not None:
                ranks = ranks[ranks <= cutoff]
            possible = everything if cutoff is None else min(everything, cutoff)
            if len(ranks):
                divisor = len(ranks) if normaliser == "hits" else possible
                result[i] = (np.arange(1, len(ranks) + 1) / ranks).sum() / divisor
        return result

    def floor(self, cutoff: int | None = None, normaliser: Normaliser = "hits") -> np.ndarray:
        """(Q,) expected AP of a random ranking of the same items: about the share that is relevant."""
        return _expected_ap(self.items.sum(1, keepdims=True), self.relevant.sum(1, keepdims=True), cutoff, normaliser)

    def _check_codes(self, purpose: str) -> None:
        if len(self._queries) != len(self.counts):
            raise ValueError(f"a ranking made from counts has no codes to {purpose}.")

    def _check(self, codes: np.ndarray, labels: np.ndarray) -> None:
        if codes.shape[1] != self.bits:
            raise ValueError(f"database codes have {codes.shape[1]} bits, queries {self.bits}.")
        if len(codes) != len(labels) or labels.shape[1] != self.classes:
            raise ValueError(f"labels {labels.shape} for {len(codes)} database codes and queries of {self.classes} classes.")


def _expected_ap(items: np.ndarray, relevant: np.ndarray, cutoff: int | None, normaliser: Normaliser) -> np.ndarray:
    if cutoff is None:
        return average(expected_share(items, relevant), relevant)
    return ap_at(items, relevant, cutoff, normaliser)[0]
