"""Counts against a slow integer oracle, by every backend; shards, merged rows, index-order AP."""

from __future__ import annotations

import importlib.util

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hashbench.errors import UnknownName, UserError
from hashbench.retrieval import HammingRanking, counting

BITS = st.sampled_from([1, 12, 32, 33, 64, 100, 128, 256])
BACKENDS = [
    pytest.param(
        name,
        marks=pytest.mark.skipif(
            name == "numba" and importlib.util.find_spec("numba") is None,
            reason="numba, the extra hashbench[fast], is not installed",
        ),
    )
    for name in ("numpy", "numba", "torch")
]


def draw(bits: int, seed: int, tied: bool, queries: int = 5, rows: int = 30) -> tuple[np.ndarray, ...]:
    """Codes and 70-class labels of queries and rows; the first query has no class, the second shares one with every row."""
    rng = np.random.default_rng(seed)
    pool = rng.choice([-1, 1], (3 if tied else 40, bits)).astype(np.int8)
    query, database = pool[rng.integers(0, len(pool), queries)], pool[rng.integers(0, len(pool), rows)]
    query_labels = rng.integers(0, 2, (queries, 70)).astype(np.uint8)
    labels = (rng.random((rows, 70)) < 0.05).astype(np.uint8)
    labels[:, 69] = 1
    query_labels[:, 69] = 0
    query_labels[0], query_labels[1, 69] = 0, 1
    return query, query_labels, database, labels


def oracle(query: np.ndarray, query_labels: np.ndarray, database: np.ndarray, labels: np.ndarray) -> np.ndarray:
    counts = np.zeros((len(query), query.shape[1] + 1, 2), dtype=np.int64)
    for q in range(len(query)):
        for row, label in zip(database, labels, strict=True):
            counts[q, sum(a != b for a, b in zip(row, query[q], strict=True)), int(any(label & query_labels[q]))] += 1
    return counts


@pytest.mark.parametrize("backend", BACKENDS)
@settings(max_examples=25, deadline=None)
@given(BITS, st.integers(0, 2**32 - 1), st.booleans())
def test_counts_equal_a_slow_oracle_and_shards_add_up_in_any_order(backend: str, bits: int, seed: int, tied: bool) -> None:
    query, query_labels, database, labels = draw(bits, seed, tied)
    order = np.random.default_rng(seed).permutation(30)
    parts = [HammingRanking(query, query_labels, backend) for _ in range(2)]
    parts[0].update(database[order[:11]], labels[order[:11]])
    parts[1].update(database[order[11:]], labels[order[11:]])
    parts[0].merge(parts[1])
    assert np.array_equal(parts[0].counts, oracle(query, query_labels, database, labels))


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("bits", [12, 33, 128, 200])
def test_merged_rows_and_blocks_count_as_single_rows_do(backend: str, bits: int, monkeypatch: pytest.MonkeyPatch) -> None:
    arrays = draw(bits, 7, tied=True, queries=70, rows=4500)
    query, query_labels, database, labels = arrays
    labels[:] = labels[np.random.default_rng(0).integers(0, 40, len(labels))]
    monkeypatch.setattr("hashbench.retrieval.counting.with_numpy._BLOCK", 50)
    merged = HammingRanking(query, query_labels, backend)
    merged.update(database, labels)
    monkeypatch.setattr("hashbench.retrieval.counting.with_numpy._BLOCK", 1000)
    monkeypatch.setattr("hashbench.retrieval.counting.merging._WORTH_QUERIES", 1000)
    monkeypatch.setattr("hashbench.retrieval.ranking._SHARD", 4200)
    single = HammingRanking(query, query_labels, backend)
    single.update(database, labels)
    expected = np.zeros_like(single.counts)
    for q in range(len(query)):
        shares = (labels & query_labels[q]).any(1).astype(int)
        np.add.at(expected[q], ((database != query[q]).sum(1), shares), 1)
    assert np.array_equal(merged.counts, single.counts) and np.array_equal(single.counts, expected)


@settings(max_examples=25, deadline=None)
@given(BITS, st.integers(0, 2**32 - 1), st.booleans(), st.sampled_from([None, 1, 7, 100]))
def test_index_order_ap_equals_a_stable_sort(bits: int, seed: int, tied: bool, cutoff: int | None) -> None:
    query, query_labels, database, labels = draw(bits, seed, tied)
    expected, possible = [], []
    for q in range(5):
        order = np.argsort([(row != query[q]).sum() for row in database], kind="stable")
        hits = [bool((labels[i] & query_labels[q]).any()) for i in order]
        precisions = [sum(hits[: rank + 1]) / (rank + 1) for rank, hit in enumerate(hits[:cutoff]) if hit]
        expected.append(sum(precisions) / max(len(precisions), 1))
        possible.append(sum(precisions) / max(min(sum(hits), cutoff or 30), 1))
    ranking = HammingRanking(query, query_labels)
    shards = [(database[:13], labels[:13]), (database[13:], labels[13:])]
    assert ranking.index_order_ap(shards, cutoff) == pytest.approx(expected, abs=1e-12)
    assert ranking.index_order_ap(shards, cutoff, "possible") == pytest.approx(possible, abs=1e-12)


def test_stored_counts_give_every_metric_again() -> None:
    query, query_labels, database, labels = draw(12, 3, tied=False)
    ranking = HammingRanking(query, query_labels)
    ranking.update(database, labels)
    again = HammingRanking.from_counts(ranking.items, ranking.relevant)
    assert np.array_equal(again.compute(cutoff=4).ap, ranking.compute(cutoff=4).ap)
    assert np.array_equal(again.compute().precision_by_radius, ranking.compute().precision_by_radius)
    assert np.array_equal(again.floor(), ranking.floor())
    for use in (
        lambda: again.update(database, np.zeros((30, 1), dtype=np.uint8)),
        lambda: again.merge(ranking),
        lambda: ranking.merge(again),
        lambda: again.index_order_ap([(database, np.zeros((30, 1), dtype=np.uint8))]),
    ):
        with pytest.raises(ValueError, match="made from counts"):
            use()


def test_merging_other_queries_is_refused() -> None:
    one, other = (HammingRanking(np.array([[sign, 1]]), np.array([[1]])) for sign in (1, -1))
    with pytest.raises(ValueError, match="same queries"):
        one.merge(other)


def test_wrong_shapes_are_refused_in_words() -> None:
    ranking = HammingRanking(np.ones((2, 8)), np.ones((2, 3)))
    with pytest.raises(ValueError, match="9 bits, queries 8"):
        ranking.update(np.ones((4, 9)), np.ones((4, 3)))
    with pytest.raises(ValueError, match="3 classes"):
        ranking.update(np.ones((4, 8)), np.ones((4, 5)))
    with pytest.raises(ValueError, match="257 bits"):
        HammingRanking(np.ones((1, 257)), np.ones((1, 3)))


def test_unknown_and_missing_backends_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UnknownName, match="numpy"):
        counting.counter("nunpy", 1)
    monkeypatch.setattr(counting, "find_spec", lambda name: None)
    with pytest.raises(UserError, match=r"hashbench\[fast\]"):
        counting.counter("numba", 1)
    assert counting.counter("auto", 10**12).__module__.endswith("with_numpy")
