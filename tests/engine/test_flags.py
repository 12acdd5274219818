"""Each sanity flag is raised by a fault put in, and by nothing else."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers import TINY, at, hashbench, made

from hashbench.contracts.budget import Budget
from hashbench.contracts.products import AttackLog, Products
from hashbench.engine.running.flags import cell_flags, table_flags, transfer_flags
from hashbench.engine.running.masking import through_filter
from hashbench.plugins import registry
from hashbench.protocols.protocol import PROTOCOLS
from hashbench.results.cell import CellResult, Measured
from hashbench.results.provenance import About
from hashbench.results.reading import read_results
from hashbench.retrieval.oracle import Oracle

RNG = np.random.default_rng(0)
AIM = RNG.choice([-1, 1], (6, 16)).astype(np.int8)


def moved(share: float) -> np.ndarray:
    """Codes that differ from the aim's in a share of their bits."""
    codes = AIM.copy()
    codes[:, : round(16 * share)] *= -1
    return codes


def products(clean: float = 0.5, attacked: float = 0.1, unrounded: float = 0.1, **log: Any) -> Products:
    empty = np.zeros(6)
    seen: dict[str, Any] = {"zero_gradient": np.zeros(6, dtype=bool), "change_without_budget": 0.0, **log}
    pixels = np.zeros((6, 3, 8, 8), dtype=np.uint8)
    labels = np.ones((6, 2), dtype=np.uint8)
    return Products(
        protocol=PROTOCOLS["harmonised"],
        budget=Budget(),
        query_labels=labels,
        target_labels=labels,
        database_labels=labels,
        database_codes=AIM,
        clean_codes=moved(clean),
        attacked_codes=moved(attacked),
        unrounded_codes=moved(unrounded),
        aim_codes=AIM,
        oracle=Oracle(AIM, empty, empty > 0),
        untargeted=False,
        clean_pixels=pixels,
        adversarial=pixels,
        hash=lambda images: AIM,
        logits=lambda images: AIM,
        database_pixels=lambda rows: pixels[rows],
        controls={},
        log=AttackLog(empty, empty, empty, 0.0, 0.0, 0.0, 0.0, 0.0, **seen),
    )


@pytest.mark.parametrize(
    ("fault", "flag", "words"),
    [
        ({}, None, ""),
        ({"zero_gradient": np.array([True, True, True, False, False, False])}, "vanishing-gradients", "50%"),
        ({"change_without_budget": 3 / 255}, "ignores-budget", "3 levels: what it returned was cut back"),
        ({"change_without_budget": float("nan")}, "fails-without-budget", "budget is 0"),
        ({"attacked": 0.5, "unrounded": 0.5}, "loss-does-not-fall", "50% of bits"),
        ({"attacked": 0.3, "unrounded": 0.1}, "rounding-undoes", "undoes"),
        ({"zero_gradient": None}, None, ""),
    ],
)
def test_cell_flags(fault: dict[str, Any], flag: str | None, words: str) -> None:
    found = cell_flags(products(**fault))
    assert [one.flag for one in found] == ([flag] if flag else [])
    assert all(words in one.says and one.says.endswith(".") for one in found)


def cell(slug: str, attack: str = "ifgsm", steps: int | None = None, spread: float = 0.0, **values: float) -> CellResult:
    """A cell of 40 queries whose values lie `spread` around the mean."""
    options = {"rule": "sign"} | ({} if steps is None else {"steps": steps})
    rows = tuple(Measured(metric=name, value=value) for name, value in values.items())
    rng = np.random.default_rng(len(slug))
    arrays = {f"per_query/{name}": value + spread * rng.standard_normal(40) for name, value in values.items()}
    return CellResult(at(attack), "ok", slug, rows=rows, arrays=arrays, made=made({"attack": options}))


def test_table_flags() -> None:
    good = cell("good", "noise", t_map=0.4, t_map_floor=0.3, t_map_aim=0.8)
    low = cell("low", "p2p", t_map=0.2, t_map_floor=0.3, t_map_aim=0.25)
    over = cell("over", "dhta", t_map=0.9, t_map_floor=0.3, t_map_aim=0.8)
    few = cell("few", "ifgsm[steps=2]", 2, t_map=0.6, t_map_floor=0.3, t_map_aim=0.8)
    many = cell("many", "ifgsm[steps=20]", 20, t_map=0.5, t_map_floor=0.3, t_map_aim=0.8)
    other = cell("other", "mim[steps=30]", 30, t_map=0.1, t_map_floor=0.3, t_map_aim=0.8)
    found = {slug: [flag.flag for flag in flags] for slug, flags in table_flags([good, low, over, few, many, other]).items()}
    assert found == {
        "good": [],
        "low": ["aim-below-floor"],
        "over": ["beats-aim"],
        "few": [],
        "many": ["more-steps-worse"],
        "other": [],
    }


def test_a_hasher_at_chance_is_flagged() -> None:
    at_chance, above = cell("chance", map_clean=0.31, map_floor=0.30), cell("above", "dhta", map_clean=0.5, map_floor=0.30)
    at_chance = replace(at_chance, rows=(Measured(metric="map_clean", value=0.31, low=0.29, high=0.33), *at_chance.rows[1:]))
    above = replace(above, rows=(Measured(metric="map_clean", value=0.5, low=0.45, high=0.55), *above.rows[1:]))
    found = {slug: [flag.flag for flag in flags] for slug, flags in table_flags([at_chance, above]).items()}
    assert found == {"chance": ["hasher-at-chance"], "above": []}


def test_differences_that_the_queries_do_not_tell_apart_are_not_flagged() -> None:
    few = cell("few", "ifgsm[steps=2]", 2, spread=0.5, t_map=0.501, t_map_floor=0.3, t_map_aim=0.5)
    many = cell("many", "ifgsm[steps=20]", 20, spread=0.5, t_map=0.5, t_map_floor=0.3, t_map_aim=0.499)
    assert table_flags([few, many]) == {"few": [], "many": []}


def test_steps_are_compared_where_images_were_made_and_over_more_than_one_query() -> None:
    few = cell("few", "ifgsm[steps=2]", 2, t_map=0.6, t_map_floor=0.3, t_map_aim=0.5)
    many = cell("many", "ifgsm[steps=20]", 20, t_map=0.5, t_map_floor=0.3, t_map_aim=0.4)
    assert [flag.flag for flag in table_flags([few, many])["many"]] == ["beats-aim", "more-steps-worse"]
    elsewhere = at("x", target=16).target
    away = [replace(one, at=one.at.model_copy(update={"target": elsewhere})) for one in (few, many)]
    assert [flag.flag for flag in table_flags(away)["many"]] == ["beats-aim"], "many steps may fit the source too well"
    alone = [replace(one, arrays={name: array[:1] for name, array in one.arrays.items()}) for one in (few, many)]
    assert table_flags(alone) == {"few": [], "many": []}, "one query tells nothing"


def test_transfer_above_the_white_box_is_flagged() -> None:
    here, there = cell("here", t_map=0.5, t_map_aim=0.8), cell("there", t_map=0.6)
    noise = cell("noise", t_map=0.5)
    assert transfer_flags(there, noise) == []
    assert [flag.flag for flag in transfer_flags(there, here)] == ["transfer-above-white-box"]
    assert transfer_flags(here, there) == []


def through(
    left: float, steered: bool = False, start: str = "x", access: str = "gradients", **changed: float
) -> tuple[object, list[str]]:
    """An attack that takes all there is to lose from a hasher, and leaves so much of it behind a filter."""
    bare = cell("bare", map_clean=0.8, map_attacked=0.3, map_floor=0.3, t_map_clean=0.3, t_map=0.8, t_map_oracle=0.8)
    values = {
        "map_clean": 0.8,
        "map_attacked": 0.3 + left,
        "map_floor": 0.3,
        "t_map_clean": 0.3,
        "t_map": 0.8 - left,
        "t_map_oracle": 0.8,
    }
    behind = cell("behind", **(values | changed))
    name = behind.at.source.model_copy(update={"hasher": "jpeg"})
    facts = made({"attack": {} if steered else {"aim": "own"}}).model_copy(
        update={"hasher": {"filtered": True, "started_from": start}}
    )
    facts = facts.model_copy(update={"plugins": {"attack": About(access=access)}})
    behind = replace(behind, at=behind.at.model_copy(update={"source": name, "target": name}), made=facts)
    assert through_filter(bare, [bare, behind]) == ([], []), "it has no filter"
    rows, flags = through_filter(behind, [bare, behind])
    return rows[0].value if rows else None, [flag.flag for flag in flags]


@pytest.mark.parametrize("steered", [False, True])
def test_an_attack_that_a_filter_stops_is_flagged_as_perhaps_masked(steered: bool) -> None:
    assert through(0.05, steered) == (pytest.approx(0.9), [])
    assert through(0.2, steered) == (pytest.approx(0.6), ["masked-gradients"])
    assert through(0.2, steered, start="another hasher") == (None, [])
    assert through(0.2, steered, access="query-code") == (None, []), "nothing that asks has gradients to be masked"


def test_a_filter_that_costs_clean_map_leaves_less_to_lose() -> None:
    assert through(0.0, map_clean=0.5, map_attacked=0.3) == (pytest.approx(1.0), [])
    assert through(0.0, map_clean=0.3, map_attacked=0.3) == (None, []), "nothing to lose"


def test_a_run_says_which_hashers_are_filtered_and_what_they_are_without(tmp_path: Path) -> None:
    filters = {name for name in registry.entries("hashers") if registry.load("hashers", name).filters}
    assert {"jpeg", "bits", "resize", "comdefend"} <= filters
    method = "dpsh[epochs=1]"
    args = ["run", "--attack", "fgsm", *TINY[:-1], f"{method},bits[method={method}],saat[method={method},epochs=1]"]
    done = hashbench(*args, "--out", "out", "--store", "store", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    cells = read_results(tmp_path / "out").cells
    facts = {cell.at.source.hasher.partition("[")[0]: (cell.made.keys.hasher, cell.made.hasher) for cell in cells if cell.made}
    assert {name: bool(fact.get("filtered")) for name, (_, fact) in facts.items()} == {"dpsh": False, "bits": True, "saat": False}
    assert facts["bits"][1]["started_from"] == facts["dpsh"][0]


def test_what_comes_through_a_filter_is_t_map_of_attacks_towards_targets_with_an_aim_or_without() -> None:
    assert through(0.2, steered=True, map_attacked=0.3) == (pytest.approx(0.6), ["masked-gradients"])
    assert through(0.2, steered=False, t_map=0.8) == (pytest.approx(0.6), ["masked-gradients"])


def test_more_steps_of_an_attack_that_leads_away_should_leave_less_map() -> None:
    def away(slug: str, steps: int, **values: float) -> CellResult:
        one = cell(slug, f"hag[steps={steps}]", steps, **values)
        assert one.made is not None
        return replace(one, made=one.made.model_copy(update={"options": {"attack": {"aim": "own", "steps": steps}}}))

    stronger = [away("few", 10, map_attacked=0.3, t_map=0.45), away("many", 100, map_attacked=0.12, t_map=0.38)]
    assert table_flags(stronger) == {"few": [], "many": []}
    weaker = [away("few", 10, map_attacked=0.12, t_map=0.38), away("many", 100, map_attacked=0.3, t_map=0.45)]
    found = table_flags(weaker)
    assert [flag.flag for flag in found["many"]] == ["more-steps-worse"] and "100 steps reach 0.300" in found["many"][0].says
