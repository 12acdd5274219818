"""The numbers of a cell against values worked out by hand."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from helpers import CPU, at
from torch import nn

from hashbench.api import Budget, CellResult, Measured, Products, Results, Row, RunFacts, Trunk, TrunkHasher, Victim
from hashbench.contracts.products import AttackLog
from hashbench.engine.running.scoring import with_interval
from hashbench.engine.running.tables import finished
from hashbench.engine.stages.checks import change_without_budget, zero_gradients
from hashbench.plugins.configure import configure
from hashbench.protocols.protocol import PROTOCOLS, Protocol
from hashbench.retrieval import Bootstrap
from hashbench.retrieval.oracle import Oracle

DATABASE = np.array([[1, 1, 1], [1, 1, -1], [1, -1, -1], [-1, -1, -1]], dtype=np.int8)
LABELS = np.array([[1, 0], [0, 1], [1, 0], [0, 1]], dtype=np.uint8)


def products(protocol: Protocol = PROTOCOLS["harmonised"], **changed: Any) -> Products:
    """One query at code +++, moved to ---, aimed at --+; its own class is 0, its target 1."""
    seen = np.zeros(1)
    log = AttackLog(seen + 0.01, seen + 0.3, seen + 1.0, 0.5, 2.0, 1.0, 7.0, 3.0, None, 0.0)
    pixels = np.zeros((1, 3, 1, 2), dtype=np.uint8)
    adversarial = pixels.copy()
    adversarial[0, 0, 0, 0] = 51
    given: dict[str, Any] = {
        "protocol": protocol,
        "budget": Budget(),
        "query_labels": np.array([[1, 0]], dtype=np.uint8),
        "target_labels": np.array([[0, 1]], dtype=np.uint8),
        "database_labels": LABELS,
        "database_codes": DATABASE,
        "clean_codes": np.array([[1, 1, 1]], dtype=np.int8),
        "attacked_codes": np.array([[-1, -1, -1]], dtype=np.int8),
        "unrounded_codes": np.array([[-1, -1, -1]], dtype=np.int8),
        "aim_codes": np.array([[-1, -1, 1]], dtype=np.int8),
        "oracle": Oracle(np.array([[-1, -1, -1]], dtype=np.int8), np.array([5 / 6]), np.array([True])),
        "hash": lambda images: np.array([[-1, -1, -1]], dtype=np.int8),
        "logits": lambda images: np.full((len(images), 3), -0.5),
        "untargeted": False,
        "clean_pixels": pixels,
        "adversarial": adversarial,
        "database_pixels": lambda rows: np.zeros((len(rows), 3, 1, 2), dtype=np.uint8),
        "controls": {"pixels": np.array([0.25]), "random": np.array([0.5])},
        "log": log,
    }
    return Products(**given | changed)


def test_targeted_retrieval() -> None:
    """Distances of the database: from +++ 0 1 2 3, from --- 3 2 1 0, from --+ 2 3 2 1."""
    rows = {row.metric: row.value for row in configure("benchmarks", "targeted").measure(products()).rows}
    # a random ranking of 4 with 2 relevant: over the 6 places of the two, the mean of (1/r1 + 2/r2) / 2
    floor = sum((1 / a + 2 / b) / 2 for a in range(1, 5) for b in range(a + 1, 5)) / 6
    assert rows == pytest.approx(
        {
            "map_clean": (1 / 1 + 2 / 3) / 2,
            "map_floor": floor,
            "map_pixels": 0.25,
            "map_random": 0.5,
            "queries_without_relevant": 0.0,
            "map_attacked": (1 / 2 + 2 / 4) / 2,
            "t_map_clean": (1 / 2 + 2 / 4) / 2,
            "t_map": (1 / 1 + 2 / 3) / 2,
            # --+: the relevant --- first; +++ and +-- tie at 2, the relevant ++- last
            "t_map_aim": (1 / 1 + 2 / 4) / 2,
            "t_map_oracle": (1 / 1 + 2 / 3) / 2,
            "oracle_proven": 1.0,
            "t_map_worst_ties": (1 / 1 + 2 / 3) / 2,
            "t_map_best_ties": (1 / 1 + 2 / 3) / 2,
            "t_map_floor": floor,
            "targets_without_relevant": 0.0,
            "t_precision_radius_2": 2 / 3,
            "t_distance_relevant": (0 + 2) / 2,
            "t_distance_irrelevant": (1 + 3) / 2,
        }
    )


def test_ties_are_averaged_by_one_protocol_and_broken_by_position_by_the_other() -> None:
    tied = products(attacked_codes=np.array([[1, -1, 1]], dtype=np.int8))
    # +-+: +++ at 1, ++- at 2, +-- at 1, --- at 2: both irrelevant first, both relevant after
    rows = {row.metric: row.value for row in configure("benchmarks", "targeted").measure(tied).rows}
    assert rows["t_map"] == pytest.approx((1 / 3 + 2 / 4) / 2)
    half = products(attacked_codes=np.array([[1, 1, -1]], dtype=np.int8), database_codes=DATABASE[[0, 2, 1, 3]])
    # ++-: +++ and +-- tie at 1 behind ++- at 0; ++- is irrelevant now, +-- relevant, at position 1 beside +++ at position 0
    for name, value in (("harmonised", 0.5 * 1 / 2 + 0.5 * 1 / 3), ("published", 1 / 3)):
        marked = {"database_labels": np.array([[1, 0], [0, 1], [1, 0], [1, 0]], dtype=np.uint8), "protocol": PROTOCOLS[name]}
        given = products(**{**vars(half), **marked})
        rows = {row.metric: row.value for row in configure("benchmarks", "targeted").measure(given).rows}
        assert rows["t_map"] == pytest.approx(value)


def test_perceptibility() -> None:
    """One of six values moves by 51 levels, 0.2: mean square 0.04 / 6."""
    rows = {row.metric: row.value for row in configure("benchmarks", "perceptibility").measure(products()).rows}
    rms = math.sqrt(0.04 / 6)
    scored = {"rms": rms, "linf": 0.2, "l2": 0.2, "changed": 1 / 6, "psnr": -20 * math.log10(rms)}
    assert rows == pytest.approx(
        {**scored, "rms_raw": 0.1, "linf_raw": 0.3, "l2_raw": math.sqrt(0.06), "changed_raw": 1.0, "psnr_raw": 20.0}
    )
    still = products(adversarial=np.zeros((1, 3, 1, 2), dtype=np.uint8))
    assert "psnr" not in {row.metric for row in configure("benchmarks", "perceptibility").measure(still).rows}


def test_the_interval_of_a_root_is_the_root_of_the_interval() -> None:
    squares = np.array([0.01, 0.04, 0.09, 0.16])
    bootstrap = Bootstrap(4, 0)
    low, high = bootstrap.interval(squares)
    row = with_interval(Row("rms", math.sqrt(squares.mean()), squares, root=True), bootstrap)
    assert (row.low, row.high) == pytest.approx((math.sqrt(low), math.sqrt(high)))
    assert row.low is not None and row.high is not None and 0.1 <= row.low < row.value < row.high <= 0.4
    assert with_interval(Row("linf", 0.4), bootstrap) == Measured(metric="linf", value=0.4)


def cell(attack: str, t_map: float, aim: float | None, bits: int = 8, target: int = 8) -> CellResult:
    values = {"t_map": t_map, "t_map_floor": 0.3, "t_map_clean": 0.2, "t_map_oracle": 0.95} | (
        {} if aim is None else {"t_map_aim": aim}
    )
    rows = tuple(Measured(metric=name, value=value, low=value, high=value) for name, value in values.items())
    arrays = {f"per_query/{name}": np.full(4, value) for name, value in values.items()}
    return CellResult(at(attack, bits=bits, target=target), "ok", f"{attack}-{bits}-{target}", rows=rows, arrays=arrays)


def share(cell: CellResult, metric: str) -> tuple[float | None, ...]:
    row = cell.row(metric)
    assert row is not None
    return row.value, row.low, row.high


def test_the_share_of_the_way() -> None:
    """From a floor of 0.3: 0.5 is half of the way to 0.7, a third of that to the table's best aim, 0.9, and 4/13 to the oracle."""
    near, far, free, lost = cell("near", 0.5, 0.7), cell("far", 0.8, 0.9), cell("free", 0.6, None), cell("lost", 0.5, 0.3)
    for one in finished([near, far, free]):
        assert share(one, "t_map_share_best_aim") == pytest.approx(((one.value("t_map") - 0.3) / 0.6,) * 3)
        assert share(one, "t_map_share") == pytest.approx(((one.value("t_map") - 0.3) / 0.65,) * 3)
    done = {one.at.attack: one for one in finished([near, far, free])}
    assert share(done["near"], "t_map_share_own_aim") == pytest.approx((0.5,) * 3)
    assert done["free"].value("t_map_share_own_aim") is None
    assert share(finished([lost])[0], "t_map_share_own_aim") == (None, None, None)


def test_a_transfer_matrix() -> None:
    """Made on 8 and 16 bits, scored on both: four numbers, each where it belongs."""
    values = {(8, 8): 0.7, (8, 16): 0.4, (16, 8): 0.35, (16, 16): 0.8}
    cells = [cell("dhta", value, 0.9 if made == scored else None, made, scored) for (made, scored), value in values.items()]
    table = Results([RunFacts()], cells).transfer
    matrix = table.pivot(index=table.columns[6], columns=table.columns[7], values="t_map")
    assert matrix.loc["dpsh-convnet-8"].tolist() == [0.4, 0.7] and matrix.loc["dpsh-convnet-16"].tolist() == [0.8, 0.35]
    assert matrix.columns.tolist() == ["dpsh-convnet-16", "dpsh-convnet-8"]
    assert set(table.t_map_floor) == {0.3} and set(table.t_map_low - table.t_map) == {0.0}
    assert Results([RunFacts()], cells[:1]).transfer.empty


class Lit(nn.Module):
    """One feature: how far the red channel is above a half."""

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return (images[:, 0] - 0.5).clamp_min(0).flatten(1).sum(1, keepdim=True)


def test_zero_gradients() -> None:
    images = torch.full((3, 3, 2, 2), 0.25)
    images[1, 0, 0, 0] = 0.75
    hasher = TrunkHasher(Trunk(Lit(), 1, (0.0, 0.0, 0.0), (1.0, 1.0, 1.0)), 2)
    hasher.load_state_dict({**hasher.state_dict(), "head.weight": torch.tensor([[1.0], [-1.0]]), "head.bias": torch.zeros(2)})
    victim = Victim(hasher, "gradients")
    assert zero_gradients(victim, images, torch.ones(3, 2)).tolist() == [True, True, True], "the two bits cancel"
    assert zero_gradients(victim, images, torch.tensor([[1.0, -1.0]] * 3)).tolist() == [True, False, True]


def test_change_without_budget() -> None:
    image = torch.full((1, 3, 2, 2), 0.5, device=CPU)

    def fails(budget: Budget) -> torch.Tensor:
        raise ZeroDivisionError(budget.epsilon)

    def moves(budget: Budget) -> torch.Tensor:
        return image + 0.1

    assert math.isnan(change_without_budget(fails, image, Budget()))
    assert float(change_without_budget(moves, image, Budget())) == pytest.approx(0.1)
    assert float(change_without_budget(lambda budget: image + budget.epsilon, image, Budget())) == 0.0
