"""The metrics against brute force over all orders of ties, in exact rationals."""

from __future__ import annotations

from fractions import Fraction
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from hashbench.retrieval import HammingRanking, cutoff
from hashbench.retrieval.average_precision import harmonic_gap
from hashbench.retrieval.cutoff import Normaliser, ap_at, hypergeometric
from hashbench.retrieval.euclidean import euclidean_ap


def ap(order: tuple[int, ...]) -> Fraction:
    hits = [i for i, relevant in enumerate(order, 1) if relevant]
    return sum((Fraction(n, rank) for n, rank in enumerate(hits, 1)), Fraction(0)) / max(len(hits), 1)


def all_orders(groups: list[list[int]]) -> list[tuple[int, ...]]:
    orders: list[tuple[int, ...]] = [()]
    for group in groups:
        orders = [done + tail for done in orders for tail in permutations(group)]
    return orders


def ranking_of(groups: list[list[int]], bits: int) -> HammingRanking:
    """Database rows at distance 0, 1, ... from an all-ones query; 1: relevant."""
    codes, labels = [], []
    for distance, group in enumerate(groups):
        for relevant in group:
            codes.append([-1] * distance + [1] * (bits - distance))
            labels.append([relevant, 1 - relevant])
    ranking = HammingRanking(np.ones((1, bits), dtype=np.int8), np.array([[1, 0]]))
    ranking.update(np.array(codes, dtype=np.int8).reshape(-1, bits), np.array(labels).reshape(-1, 2))
    return ranking


groups = st.lists(st.lists(st.integers(0, 1), max_size=4), min_size=1, max_size=3).filter(lambda g: 0 < sum(map(len, g)) <= 8)


@settings(max_examples=60, deadline=None)
@given(groups)
def test_expected_worst_and_best_equal_all_orders(tied: list[list[int]]) -> None:
    aps = [ap(order) for order in all_orders(tied)]
    scores = ranking_of(tied, 4).compute(top_n=[1, 2, 3])
    assert scores.ap[0] == pytest.approx(float(sum(aps) / len(aps)), abs=1e-12)
    assert scores.ap_worst[0] == pytest.approx(float(min(aps)), abs=1e-12)
    assert scores.ap_best[0] == pytest.approx(float(max(aps)), abs=1e-12)
    for top, precision in zip(scores.tops, scores.precision_at[0], strict=True):
        mean = Fraction(sum(sum(order[:top]) for order in all_orders(tied)), len(aps)) / int(top)
        assert precision == pytest.approx(float(mean), abs=1e-12)


@settings(max_examples=30, deadline=None)
@given(groups)
def test_floor_is_the_expected_ap_of_a_random_ranking(tied: list[list[int]]) -> None:
    flat = [item for group in tied for item in group][:6]
    aps = [ap(order) for order in permutations(flat)]
    assert ranking_of([flat], 4).floor()[0] == pytest.approx(float(sum(aps) / len(aps)), abs=1e-12)


@settings(max_examples=60, deadline=None)
@given(groups, st.integers(1, 9), st.sampled_from(["hits", "possible"]))
def test_ap_at_a_cutoff_equals_all_orders(tied: list[list[int]], top: int, normaliser: Normaliser) -> None:
    everything = sum(map(sum, tied))
    aps = []
    for order in all_orders(tied):
        hits = [i for i, relevant in enumerate(order[:top], 1) if relevant]
        divisor = len(hits) if normaliser == "hits" else min(everything, top)
        aps.append(sum((Fraction(n, rank) for n, rank in enumerate(hits, 1)), Fraction(0)) / max(divisor, 1))
    scores = ranking_of(tied, 4).compute(cutoff=top, normaliser=normaliser)
    assert scores.ap[0] == pytest.approx(float(sum(aps) / len(aps)), abs=1e-12)
    assert scores.ap_worst[0] == pytest.approx(float(min(aps)), abs=1e-12)
    assert scores.ap_best[0] == pytest.approx(float(max(aps)), abs=1e-12)
    if top >= sum(map(len, tied)):
        assert scores.ap[0] == pytest.approx(ranking_of(tied, 4).compute().ap[0], abs=1e-12)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3000), st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=4))
def test_hits_among_ties_are_hypergeometric(ties: list[tuple[int, float, float]]) -> None:
    items = np.array([n for n, _, _ in ties])
    relevant, drawn = (np.array([int(tie[0] * tie[i]) for tie in ties]) for i in (1, 2))
    hits, chances = hypergeometric(items, relevant, drawn)
    for row in range(len(ties)):
        exact = stats.hypergeom(items[row], relevant[row], drawn[row])
        there = np.arange(max(0, drawn[row] - items[row] + relevant[row]), min(relevant[row], drawn[row]) + 1)
        assert np.array_equal(hits[row, : len(there)], there) and (hits[row] <= there[-1]).all()
        assert chances[row, : len(there)] == pytest.approx(exact.pmf(there) if items[row] else 1.0, rel=1e-8, abs=1e-12)
        assert not chances[row, len(there) :].any()


@pytest.mark.parametrize("normaliser", ["hits", "possible"])
def test_a_query_has_the_same_bits_in_any_company(normaliser: Normaliser, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    items = rng.integers(0, 30, (20, 9))
    relevant = rng.binomial(items, rng.random((20, 1)))
    relevant[0], relevant[1], items[2] = 0, items[1], 0
    relevant[2] = 0
    together = ap_at(items, relevant, 40, normaliser)
    monkeypatch.setattr(cutoff, "_BLOCK", 50)
    assert np.array_equal(ap_at(items, relevant, 40, normaliser), together)
    for row in range(20):
        alone = ap_at(items[row : row + 1], relevant[row : row + 1], 40, normaliser)
        assert [value[0] for value in alone] == [value[row] for value in together]
    assert [value[0] for value in together] == [0, 0, 0] and [value[1] for value in together] == pytest.approx([1, 1, 1])
    assert [len(value) for value in ap_at(items[:0], relevant[:0], 40, normaliser)] == [0, 0, 0]


def test_a_cutoff_below_one_is_refused() -> None:
    ranking = ranking_of([[1, 0]], 4)
    with pytest.raises(ValueError, match="at least 1"):
        ranking.compute(cutoff=0)


@pytest.mark.parametrize("start", [0, 1, 63, 64, 1000, 2_000_000])
@pytest.mark.parametrize("count", [0, 1, 5, 64, 3000])
def test_harmonic_gap_does_not_cancel(start: int, count: int) -> None:
    exact = float(sum((Fraction(1, n) for n in range(start + 1, start + min(count, 200) + 1)), Fraction(0)))
    assert harmonic_gap(np.array([start]), np.array([min(count, 200)]))[0] == pytest.approx(exact, rel=1e-12, abs=1e-300)


def test_euclidean_ap_ranks_by_distance() -> None:
    database = np.array([[0.0], [3.0], [1.0], [2.0]], dtype=np.float32)
    labels = np.array([[1, 0], [1, 0], [0, 1], [1, 0]])
    assert euclidean_ap(np.array([[0.0]], dtype=np.float32), database, np.array([[1, 0]]), labels)[0] == pytest.approx(
        (1 + 2 / 3 + 3 / 4) / 3
    )
