"""Certified codes: the bound under a chance, radii, and the worst ranking, against scipy, geometry and enumeration."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest

from hashbench.retrieval import HammingRanking
from hashbench.retrieval.certified import lower_bounds, radii_of, worst_ap


@settings(deadline=None)
@given(st.integers(1, 400), st.data(), st.sampled_from([0.001, 0.01, 0.1]))
def test_the_bound_is_scipy_s(draws: int, data: st.DataObject, alpha: float) -> None:
    hits = data.draw(st.integers(0, draws))
    wanted = binomtest(hits, draws).proportion_ci(1 - 2 * alpha, method="exact").low
    assert lower_bounds(np.array([hits]), draws, alpha)[0] == pytest.approx(wanted, abs=1e-9)


def test_radii_are_below_the_distance_to_a_bit_s_plane_and_come_near_it() -> None:
    rng = np.random.default_rng(0)
    normals, points = rng.standard_normal((8, 12)), rng.standard_normal((40, 12))
    far = points @ normals.T / np.linalg.norm(normals, axis=1)
    for draws, share in ((200, 0.3), (20_000, 0.6)):
        noisy = points[:, None] + 0.5 * rng.standard_normal((40, draws, 12))
        hits = ((noisy @ normals.T > 0) == (far > 0)[:, None]).sum(1)
        radii = radii_of(hits, draws, 0.5, 0.001)
        assert (radii <= np.abs(far)).all()
        near = (np.abs(far) > 0.3) & (np.abs(far) < 0.9)
        assert (radii[near] > share * np.abs(far)[near]).mean() > 0.9
    assert (radii_of(np.array([[5, 10]]), 10, 0.5, 0.001)[0] == [-np.inf, -np.inf]).tolist() == [True, True]


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6))
def test_the_worst_ranking_is_no_better_than_any_code_that_can_be_reached(seed: int) -> None:
    rng = np.random.default_rng(seed)
    bits, items = 5, 9
    code, database = rng.choice([-1, 1], (1, bits)), rng.choice([-1, 1], (items, bits))
    labels, of_items = np.array([[1, 0]]), np.eye(2, dtype=int)[rng.integers(0, 2, items)]
    radii = rng.uniform(0, 1, (1, bits))
    floor = worst_ap(code, labels, radii, 0.5, database, of_items)[0]
    free = np.flatnonzero(radii[0] < 0.5)
    reached = []
    for flips in itertools.product([1, -1], repeat=len(free)):
        moved = code.copy()
        moved[0, free] *= np.array(flips, dtype=int)
        ranking = HammingRanking(moved, labels)
        ranking.update(database, of_items)
        reached.append(float(ranking.compute().ap_worst[0]))
    assert floor <= min(reached) + 1e-12
    if not len(free):
        assert floor == pytest.approx(reached[0])
