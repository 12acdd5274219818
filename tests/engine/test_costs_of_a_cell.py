"""A cell that is added to a plan costs its own stages, and nothing else is made again."""

from __future__ import annotations

from collections import Counter
from functools import cache
from pathlib import Path

from hashbench.engine.planning.config import Config
from hashbench.engine.planning.plan import make_plan
from hashbench.engine.stages.pixels import pixels_unopened
from hashbench.engine.stages.stage import reachable

RESOLVE = cache(lambda source: pixels_unopened(source, Path("unused")))


def stages(**asked: object) -> Counter[str]:
    cells = make_plan(Config(**{"attacks": ("dhta", "fgsm"), "hashers": ("dpsh",), **asked}), RESOLVE).cells
    return Counter(stage.name for stage in reachable(stage for cell in cells for stage in cell.wanted()))


def test_another_attack_costs_its_own_stages() -> None:
    more = stages(attacks=("dhta", "fgsm", "ifgsm")) - stages()
    assert more == {"fitted-attack": 1, "images": 1, "attacked-codes": 1}


def test_another_budget_shares_aims_and_hashers() -> None:
    more = stages(epsilons=("8/255", "4/255")) - stages()
    assert more == {"fitted-attack": 2, "images": 2, "attacked-codes": 2}


def test_another_code_length_shares_trunk_and_pixels() -> None:
    more = stages(bits=(32, 12)) - stages(bits=(32,))
    assert {name: more[name] for name in ("pixels", "trunk", "hasher", "codes", "targets")} == {
        "pixels": 0,
        "trunk": 0,
        "hasher": 1,
        "codes": 1,
        "targets": 0,
    }
