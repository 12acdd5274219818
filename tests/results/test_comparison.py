"""Paired differences and the spread over seeds."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from helpers import at, made

from hashbench.results.cell import CellResult, Measured, Status
from hashbench.results.comparison import differences
from hashbench.results.provenance import TargetFacts
from hashbench.results.results import Results
from hashbench.results.run import RunFacts
from hashbench.results.setting import settings_of


def cell(attack: str, seed: int, t_map: np.ndarray, status: Status = "ok") -> CellResult:
    rows = (Measured(metric="t_map", value=float(np.nanmean(t_map))),)
    return CellResult(at(attack, seed=seed), status, f"{attack}-{seed}", rows=rows, arrays={"per_query/t_map": t_map})


def test_differences_are_of_the_same_queries_within_a_table_only() -> None:
    values = np.random.default_rng(0).random(100)
    cells = [cell("a", 0, values), cell("b", 0, values - 0.1), cell("c", 1, values), cell("d", 0, values, "error")]
    found = differences(settings_of(cells))
    assert found[["attack", "other"]].values.tolist() == [["a", "b"]]
    assert found.loc[0, ["difference", "low", "high"]].tolist() == pytest.approx([0.1, 0.1, 0.1])


def test_attacks_that_are_alike_are_not_told_apart() -> None:
    rng = np.random.default_rng(1)
    found = differences(settings_of([cell("a", 0, rng.random(100)), cell("b", 0, rng.random(100))]))
    assert found.low[0] < 0 < found.high[0]


def test_queries_left_out_do_not_count_in_a_difference() -> None:
    values = np.append(np.linspace(0, 1, 50), np.nan)
    found = differences(settings_of([cell("a", 0, values), cell("b", 0, values + 0.2)]))
    assert found.loc[0, ["difference", "low", "high"]].tolist() == pytest.approx([-0.2, -0.2, -0.2])


def test_seed_spread_is_over_seeds_and_empty_for_one() -> None:
    cells = [cell("a", seed, np.full(5, value)) for seed, value in enumerate((0.2, 0.4, 0.6))] + [cell("b", 0, np.ones(5))]
    spread = Results([RunFacts()], cells).seed_spread
    assert spread.attack.tolist() == ["a"] and spread.seeds.tolist() == [3]
    assert spread.loc[0, ["mean", "least", "most", "deviation"]].tolist() == pytest.approx([0.4, 0.2, 0.6, 0.2])
    assert Results([RunFacts()], cells[:1]).seed_spread.empty


def test_seed_spread_is_of_as_many_queries_by_the_same_options_and_of_values_that_are_there() -> None:
    def drawn(seed: int, value: float | None, queries: int = 100, steps: int = 5) -> CellResult:
        how = made({"attack": {"steps": steps}}).model_copy(update={"targets": TargetFacts(queries=queries)})
        return replace(cell("a", seed, np.zeros(1)), made=how, rows=(Measured(metric="t_map", value=value),))

    cells = [drawn(0, 0.2), drawn(1, 0.4), drawn(0, 0.9, queries=20), drawn(1, 0.9, steps=6), drawn(2, None)]
    spread = Results([RunFacts()], cells).seed_spread
    assert spread[["queries", "seeds", "mean"]].values.tolist() == [[100, 2, pytest.approx(0.3)]]
    assert spread.deviation[0] == pytest.approx(np.std([0.2, 0.4], ddof=1))
