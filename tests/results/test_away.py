"""Whether an attack leads away from the query's likes stands in its result, and older results tell it by their options."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers import TINY, at, hashbench, made

from hashbench.contracts.attack import Attack, aim_of, is_targeted
from hashbench.contracts.plugin import options_of
from hashbench.plugins import registry
from hashbench.plugins.configure import configure
from hashbench.results.away import led_away
from hashbench.results.cell import CellResult
from hashbench.results.provenance import About
from hashbench.results.reading import read_results

SET = ["ifgsm[aim=own]", "apgd[aim=centre[away=true]]", "autohash[away=true]", "nes[away=true]", "patch[towards=false]"]
STRANGER = '''
from dataclasses import dataclass
from typing import ClassVar
from hashbench.api import Attack

@dataclass(frozen=True)
class Darker(Attack):
    """Darkens the query"""

    targeted: ClassVar[bool] = False

    def perturb(self, victim, state, images, goal, codes, budget, run):
        return budget.project(images - budget.epsilon, images)
'''


@pytest.mark.parametrize("text", [*(name for name in registry.entries("attacks") if name != "noise"), *SET])
def test_options_and_the_attack_itself_say_the_same(text: str) -> None:
    attack: Attack = configure("attacks", text)
    aim = aim_of(attack)
    targeted = is_targeted(attack, None if aim is None else configure("aims", aim))
    assert targeted is not None
    facts = made({"attack": dict(options_of(attack))})
    older = CellResult(at(text), "ok", "x", made=facts)
    newer = CellResult(at(text), "ok", "x", made=facts.model_copy(update={"plugins": {"attack": About(targeted=targeted)}}))
    assert led_away(older) is led_away(newer) is not targeted


def test_a_strangers_attack_without_such_options_is_told_by_its_own_word(tmp_path: Path) -> None:
    (tmp_path / "darker.py").write_text(STRANGER)
    done = hashbench(
        "run", "--attack", "./darker.py:Darker,noise,ifgsm[steps=1],ifgsm[steps=1,aim=own]", *TINY, "--out", "out", cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    cells = {cell.at.attack: cell for cell in read_results(tmp_path / "out").cells}
    assert [led_away(cell) for cell in cells.values()] == [True, False, False, True]
    assert [cell.about().targeted for cell in cells.values()] == [False, None, True, False]
