"""The robustness score by hand, the flags of an ensemble, and the leaderboard's table of hashers."""

from __future__ import annotations

import importlib
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import synthetic
from helpers import at
from test_flags import AIM, moved, products

from hashbench.engine.publishing.numbers import Found
from hashbench.engine.publishing.verification import Verdict
from hashbench.engine.running.flags import _member_flags, cell_flags
from hashbench.engine.running.ratio import ratio
from hashbench.engine.running.tables import finished
from hashbench.plugins.configure import configure
from hashbench.results.cell import CellResult, Measured
from hashbench.results.results import Results


def cell(values: dict[str, float], away: bool, bits: int = 8, **changed: Any) -> CellResult:
    name = "autohash[away=true]" if away else "autohash"
    rows = tuple(Measured(metric=metric, value=value, low=value, high=value) for metric, value in values.items())
    arrays = {f"per_query/{metric}": np.full(4, value) for metric, value in values.items()}
    where = at(name, bits=bits, target=bits, **changed)
    return CellResult(where, "ok", f"{name}-{bits}-{changed}", rows=rows, arrays=arrays)


UNTARGETED = {"map_attacked": 0.4, "map_floor": 0.3, "map_clean": 0.8, "map_attacked_choice": 0.5, "t_map": 0.3}
TARGETED = {"t_map": 0.7, "t_map_floor": 0.2, "t_map_oracle": 0.9, "t_map_choice": 0.6}


@pytest.mark.parametrize(
    ("values", "away", "metric", "score"),
    [
        (UNTARGETED, True, "robustness_untargeted", 0.1 / 0.5),
        ({**UNTARGETED, "map_attacked": 0.2}, True, "robustness_untargeted", 0.0),
        ({**UNTARGETED, "map_clean": 0.3}, True, "robustness_untargeted", None),
        (TARGETED, False, "robustness_targeted", 1 - 0.5 / 0.7),
        ({**TARGETED, "t_map": 0.1}, False, "robustness_targeted", 1.0),
    ],
)
def test_the_score(values: dict[str, float], away: bool, metric: str, score: float | None) -> None:
    (done,) = finished([cell({"t_map_floor": 0.2, **values}, away)])
    row = done.row(metric)
    assert row is not None and row.value == (None if score is None else pytest.approx(score))
    if score is not None:
        assert (row.low, row.high) == pytest.approx((score, score))
        whole = {**TARGETED, **values} if not away else None
        assert whole is None or row.value == pytest.approx(min(1 - (done.value("t_map_share") or 0), 1))


def test_a_verified_ensemble_keeps_its_score_by_the_numbers_that_were_computed_again() -> None:
    sent = replace(cell({"t_map_floor": 0.2, **UNTARGETED, "map_clean": 0.9}, away=True), made=synthetic.results().cells[0].made)
    again = cell({name: value for name, value in UNTARGETED.items() if name != "map_attacked_choice"}, away=True)
    found = Found(again.rows, dict(again.arrays), 4, 4)
    assert Verdict(sent, (), found).confirmed.value("robustness_untargeted") == pytest.approx(0.2)
    assert Verdict(again, (), found).confirmed.row("robustness_untargeted") is None, "its sender says of no ensemble"


def test_other_attacks_have_none_and_neither_has_what_travelled() -> None:
    plain = {name: value for name, value in TARGETED.items() if "choice" not in name}
    assert finished([cell(plain, away=False)])[0].value("robustness_targeted") is None
    away = replace(cell(TARGETED, away=False), at=at("autohash", bits=8, target=16))
    assert finished([away])[0].row("robustness_targeted") is None


def test_queries_that_beat_gradients_are_flagged() -> None:
    ranked = {
        "database_labels": np.array([[1, 0], [0, 1]] * 3, dtype=np.uint8),
        "database_codes": np.tile([[1] * 16, [-1] * 16], (3, 1)),
    }
    wanted = {"query_labels": np.array([[1, 0]] * 6, dtype=np.uint8), "target_labels": np.array([[0, 1]] * 6, dtype=np.uint8)}
    ones = np.ones((6, 16), dtype=np.int8)
    for away, reached in ((False, -ones), (True, -ones)):
        for members, flagged in (
            ({"apgd-A-centre": ones, "square": reached}, True),
            ({"apgd-A-centre": reached, "square": ones}, False),
            ({"apgd-A-centre": reached, "square": reached}, False),
        ):
            seen = products(members=members)
            given = replace(seen, **ranked, **wanted, untargeted=away, aim_codes=None)
            assert ("queries-beat-gradients" in {one.flag for one in cell_flags(given)}) is flagged


def test_a_random_hasher_and_flat_bits_are_flagged() -> None:
    assert "random-hasher" in {one.flag for one in cell_flags(products(random_hasher=True))}
    assert "saturated-bits" in {one.flag for one in cell_flags(products(saturated=np.full(6, 0.7)))}
    assert "saturated-bits" not in {one.flag for one in cell_flags(products(saturated=np.full(6, 0.3)))}
    assert AIM.shape == moved(0.5).shape


def test_the_leaderboard_ranks_hashers_by_the_smaller_of_the_two(tmp_path: Path) -> None:
    template = synthetic.results(attacks=("noise",), bits=(16,)).cells[0]
    cells = []
    for bits, reached in ((8, 0.7), (16, 0.5)):
        for away, values in ((False, {**TARGETED, "t_map": reached}), (True, {**UNTARGETED, "map_attacked": 0.3 + bits / 100})):
            one = cell({"t_map_floor": 0.2, "t_map_clean": 0.2, **values}, away, bits)
            cells.append(replace(one, made=template.made))
    results = Results(synthetic.results(bits=(16,)).runs, finished(cells))
    boards = importlib.import_module("hashbench.reports.leaderboard.boards")
    tables = importlib.import_module("hashbench.reports.leaderboard.tables")
    table = tables.robustness(boards.boards_of(results.white_box)[0])
    assert [[entry.value for entry in line.entries][2] for line in table.lines] == [16, 8]
    pages = configure("reports", "leaderboard").render(results, tmp_path)
    assert any("Hashers by robustness" in page.read_text() for page in pages)
    plain = Results(results.runs, [template])
    assert tables.robustness(boards.boards_of(plain.white_box)[0]) is None


@pytest.mark.parametrize(
    ("reached", "flagged"),
    [
        ({"apgd-A-tha": [0.9, 0.1], "sdha": [0.5, 0.1], "square": [0.3, 0.6]}, True),  # the less on average, and it adds 25 points
        ({"apgd-A-tha": [0.5, 0.9], "sdha": [1.0, 0.6], "square": [1.0, 0.8]}, False),  # the most on average, and it adds nothing
    ],
)
def test_queries_are_held_against_the_best_gradients_query_by_query(reached: dict[str, list[float]], flagged: bool) -> None:
    for sign in (1, -1):
        seen = SimpleNamespace(
            log=SimpleNamespace(members={name: sign * np.array([*ap, np.nan]) for name, ap in reached.items()}),
            untargeted=sign < 0,
            goal_labels=None,
            ap=lambda codes, labels: codes,
        )
        assert [one.flag for one in _member_flags(seen)] == ["queries-beat-gradients"] * flagged  # type: ignore[arg-type]


def test_a_share_of_one_query_has_no_interval() -> None:
    share = ratio("x", np.array([0.2]), np.array([0.4]), 0)
    assert (share.value, share.low, share.high) == (0.5, None, None)
    assert ratio("x", np.array([0.2, 0.2]), np.array([0.4, 0.4]), 0).low == pytest.approx(0.5)
