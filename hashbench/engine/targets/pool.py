"""The pool of label vectors that can be targets, the draw from it, and the floor of t-MAP that it gives."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from hashbench.contracts.run import derive_seed
from hashbench.data.dataset import RetrievalData
from hashbench.errors import BadData
from hashbench.protocols.protocol import Protocol
from hashbench.retrieval.average_precision import average, expected_share
from hashbench.retrieval.packing import distinct
from hashbench.typing import Facts

_ROWS = 512


@dataclass(frozen=True)
class TargetPool:
    """The label vectors a protocol lets be targets of some queries."""

    vectors: np.ndarray
    """(M, C) uint8"""
    queries: np.ndarray
    """(Q, C) uint8 labels of the queries."""
    min_images: int
    """Images that hold each vector: the protocol's, or as many fewer as it took to leave every query a target."""
    disjoint: bool
    database: tuple[np.ndarray, np.ndarray]
    """Distinct label vectors of the database, and how many images hold each."""
    weights: np.ndarray
    """(M,) how likely each vector is beside the others that a query can be given."""

    @classmethod
    def of(cls, data: RetrievalData, picked: np.ndarray, protocol: Protocol) -> TargetPool:
        """The pool for the queries at positions `picked` of the query split. Raises BadData for one without a possible target."""
        database = distinct(data.split_labels("database"))
        same = protocol.pool == "database"
        vectors, counts = database if same else distinct(data.split_labels(protocol.pool))
        own = data.split_labels("query")[picked]
        if protocol.targets not in ("vectors", "images"):
            counts = counts @ vectors
            vectors = np.eye(vectors.shape[1], dtype=np.uint8)
        if protocol.disjoint:
            keep = vectors.any(1)
            vectors, counts = vectors[keep], counts[keep]
        least = _smallest(vectors, counts, own, protocol)
        held = counts[counts >= least]
        weights = held if protocol.targets == "images" else np.ones(len(held))
        pool = cls(vectors[counts >= least], own, least, protocol.disjoint, database, weights)
        for start in range(0, len(picked), _ROWS):
            without = np.flatnonzero(~pool.allowed(slice(start, start + _ROWS)).any(1))
            if len(without):
                position = int(picked[start + without[0]])
                raise BadData(
                    f"query {position} (line {position + 1} of the query list) has no possible target: every label vector of the "
                    f"{protocol.pool} shares a class with it; use --protocol published, which allows overlap, or leave it out."
                )
        return pool

    @cached_property
    def _classes_by_vector(self) -> np.ndarray:
        """(C, M) float32, for products."""
        return np.ascontiguousarray(self.vectors.T, dtype=np.float32)

    def allowed(self, queries: slice | int) -> np.ndarray:
        """(q, M) bool: what each of some queries can be given."""
        own = np.atleast_2d(self.queries[queries]).astype(np.float32)
        if not self.disjoint:
            return np.ones((len(own), len(self.vectors)), dtype=bool)
        shared: np.ndarray = own @ self._classes_by_vector
        return shared == 0

    @cached_property
    def floors(self) -> np.ndarray:
        """(M,) the floor of t-MAP for each vector."""
        return _floors(self.vectors, *self.database)

    def expectations(self) -> dict[str, float]:
        """Expectations over draws from the pool, before any attack: the floor of t-MAP, its standard deviation over
        queries and targets, its 5th and 95th percentile, and how often a target shares a class with its query."""
        chance, overlap = np.zeros(len(self.vectors)), 0.0
        for start in range(0, len(self.queries), _ROWS):
            allowed = self.allowed(slice(start, start + _ROWS))
            odds = allowed * self.weights
            share = odds / odds.sum(1, keepdims=True)
            chance += share.sum(0) / len(self.queries)
            own = self.queries[start : start + _ROWS].astype(np.float32)
            overlap += float((share * (own @ self._classes_by_vector > 0)).sum()) / len(self.queries)
        floor = float(chance @ self.floors)
        order = np.argsort(self.floors)
        below = np.cumsum(chance[order])
        last = len(order) - 1
        low, high = (float(self.floors[order[min(int(np.searchsorted(below, q)), last)]]) for q in (0.05, 0.95))
        deviation = float(np.sqrt(max(0.0, chance @ np.square(self.floors) - floor**2)))
        return {"floor": floor, "floor_deviation": deviation, "floor_p5": low, "floor_p95": high, "overlap": overlap}


def floors_of(targets: np.ndarray, database: np.ndarray) -> np.ndarray:
    """(Q,) the floor of t-MAP for each of (Q, C) targets: expected AP of a random ranking of (N, C) database labels."""
    return _floors(targets, *distinct(database))


def _floors(targets: np.ndarray, rows: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Floors from the distinct database rows and their counts: about the share of images that is relevant."""
    wanted, held = targets.astype(np.float32), rows.astype(np.float32)
    shares = [(wanted[start : start + _ROWS] @ held.T > 0) @ counts for start in range(0, len(wanted), _ROWS)]
    relevant = np.concatenate(shares)[:, None]
    return average(expected_share(np.full_like(relevant, counts.sum()), relevant), relevant)


def draw_labels(
    data: RetrievalData, picked: np.ndarray, protocol: Protocol, seed: int, distances: np.ndarray | None = None
) -> tuple[np.ndarray, Facts]:
    """(Q, C) target labels, one a query, and facts about the draw. Every query draws from a generator of its own.

    `distances` (Q, C): of each query to each class's mean image, for targets "nearest" and "farthest". Raises BadData for a query
    without any possible target.
    """
    pool = TargetPool.of(data, picked, protocol)
    targets = np.empty((len(picked), pool.vectors.shape[1]), dtype=np.uint8)
    for i, position in enumerate(picked):
        allowed = np.flatnonzero(pool.allowed(i)[0])
        if protocol.targets in ("nearest", "farthest"):
            if distances is None:
                raise ValueError(f"targets '{protocol.targets}' need distances.")
            far = distances[i, pool.vectors[allowed].argmax(1)]
            if np.isnan(far).all():
                raise BadData(f"query {position} has no possible target: no database image has a class it could be given.")
            chosen = allowed[np.nanargmin(far) if protocol.targets == "nearest" else np.nanargmax(far)]
        else:
            weights = pool.weights[allowed]
            odds = weights / weights.sum() if protocol.targets == "images" else None
            chosen = np.random.default_rng(derive_seed(seed, "target", int(position))).choice(allowed, p=odds)
        targets[i] = pool.vectors[chosen]
    overlap = float(((targets * pool.queries).sum(1) > 0).mean())
    return targets, {"pool": len(pool.vectors), "min_images": pool.min_images, "queries": len(picked), "overlap": overlap}


def pick_queries(available: int, wanted: int | None, seed: int) -> np.ndarray:
    """Positions of the attacked queries, in order: all, or a draw without replacement."""
    if wanted is None or wanted >= available:
        return np.arange(available)
    rng = np.random.default_rng(derive_seed(seed, "queries"))
    return np.sort(rng.choice(available, wanted, replace=False))


def _smallest(vectors: np.ndarray, counts: np.ndarray, own: np.ndarray, protocol: Protocol) -> int:
    """The protocol's min_images, or the largest number below it that leaves every query a target (1 if none does)."""
    for least in range(protocol.min_images, 1, -1):
        pool = vectors[counts >= least].astype(np.float32)
        if len(pool) and (not protocol.disjoint or ((pool @ own.T.astype(np.float32)) == 0).any(0).all()):
            return least
    return 1
