"""The bootstrap: coverage in a simulation, pairing, queries left out."""

from __future__ import annotations

import numpy as np
import pytest

from hashbench.retrieval import Bootstrap


def test_the_interval_covers_the_mean_in_93_to_97_percent_of_draws() -> None:
    rng = np.random.default_rng(0)
    bootstrap = Bootstrap(200)
    covered = 0
    for _ in range(1000):
        low, high = bootstrap.interval(rng.beta(2, 3, 200))
        covered += low <= 0.4 <= high
    assert 930 <= covered <= 970


def test_differences_are_paired() -> None:
    values = np.random.default_rng(0).random(60)
    bootstrap = Bootstrap(60)
    assert np.ptp(bootstrap.means(values + 0.1) - bootstrap.means(values)) < 1e-12
    low, high = bootstrap.interval(values + 0.1 - values)
    assert low == pytest.approx(0.1) and high == pytest.approx(0.1)


def test_queries_that_do_not_count_are_left_out_of_every_mean() -> None:
    values = np.random.default_rng(1).random(50)
    with_gaps = np.concatenate([values, np.full(10, np.nan)])
    means = Bootstrap(60).means(with_gaps)
    assert np.isfinite(means).all()
    assert means.mean() == pytest.approx(values.mean(), abs=0.01)


def test_a_resample_without_a_query_that_counts_is_left_out_not_zero() -> None:
    values = np.full(16, np.nan)
    values[3] = 0.8
    assert Bootstrap(16).interval(values) == (pytest.approx(0.8), pytest.approx(0.8))


def test_two_thousand_resamples_at_least() -> None:
    assert len(Bootstrap(10).means(np.ones(10))) >= 2000
    with pytest.raises(ValueError, match="2,000"):
        Bootstrap(10, resamples=100)
