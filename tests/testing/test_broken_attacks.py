"""Every rule of attacks catches one broken against it, with its sentence."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from hashbench.api import Attack
from hashbench.testing import (
    BrokenContract,
    attack_findings,
    check_attack,
    report_findings,
)


@dataclass(frozen=True)
class Sound(Attack):
    """Moves every pixel as far as the budget allows"""

    def perturb(self, victim: Any, state: Any, images: Any, goal: Any, codes: Any, budget: Any, run: Any) -> Any:
        return budget.project(images + budget.epsilon, images)


def broken(body: Any, **facts: Any) -> Attack:
    """An attack whose perturb is `body(self, victim, state, images, goal, codes, budget, run)`."""
    made: Any = dataclass(frozen=True)(
        type("Broken", (Attack,), {"__doc__": "Broken", "__module__": __name__, "perturb": body, **facts})
    )
    return made()


def _global(self: Any, victim: Any, state: Any, images: Any, goal: Any, codes: Any, budget: Any, run: Any) -> Any:
    torch.rand(1)
    return images.clone()


def _reseeded(self: Any, victim: Any, state: Any, images: Any, goal: Any, codes: Any, budget: Any, run: Any) -> Any:
    np.random.seed(0)  # noqa: NPY002 - the fault
    return budget.project(images + float(np.random.rand()) * budget.epsilon, images)  # noqa: NPY002


def _exits(self: Any, victim: Any, state: Any, images: Any, goal: Any, codes: Any, budget: Any, run: Any) -> Any:
    raise SystemExit(0)


def _goal(self: Any, victim: Any, state: Any, images: Any, goal: Any, codes: Any, budget: Any, run: Any) -> Any:
    goal.target_labels.zero_()
    return images.clone()


def _in_place(self: Any, victim: Any, state: Any, images: Any, goal: Any, codes: Any, budget: Any, run: Any) -> Any:
    before = images.clone()
    images.add_(budget.epsilon)
    return budget.project(images, before)


def _batch(self: Any, victim: Any, state: Any, images: Any, goal: Any, codes: Any, budget: Any, run: Any) -> Any:
    return budget.project(images + (images - images.mean(0)).sign() * budget.epsilon, images)


def _hasher(self: Any, victim: Any, state: Any, images: Any, goal: Any, codes: Any, budget: Any, run: Any) -> Any:
    images = images.clone().requires_grad_(True)
    victim._hasher.train()
    return images.detach()


def _meta(self: Any, victim: Any, state: Any, images: Any, goal: Any, codes: Any, budget: Any, run: Any) -> Any:
    return images.clone() if float(images.sum()) > 0 else images


class _Drifts:
    calls = 0


def _seed(self: Any, victim: Any, state: Any, images: Any, goal: Any, codes: Any, budget: Any, run: Any) -> Any:
    _Drifts.calls += 1
    return budget.project(images + 1e-3 * _Drifts.calls, images)


@pytest.mark.parametrize(
    ("rule", "body", "sentence"),
    [
        ("returns", lambda self, v, s, x, g, c, b, r: x[:, :1], "placed like the input"),
        ("returns", lambda self, v, s, x, g, c, b, r: x * float("nan"), "not finite"),
        ("returns", lambda self, v, s, x, g, c, b, r: v.relaxed(x) and x, "asked for relaxed"),
        ("range", lambda self, v, s, x, g, c, b, r: x + b.epsilon, "clip to"),
        ("budget", lambda self, v, s, x, g, c, b, r: (x + 3 * b.epsilon).clamp(0, 1), "24.0 levels of 8"),
        ("no budget", lambda self, v, s, x, g, c, b, r: (x + 4 / 255).clamp(0, 1), "with a budget of 0"),
        ("seed", _seed, "two calls with one seed"),
        ("batch", _batch, "alone and in a batch differ"),
        ("in place", _in_place, "changes the images it is given"),
        ("randomness", _global, "torch's global generator"),
        ("randomness", _reseeded, "NumPy's global generator"),
        ("returns", _exits, "raises SystemExit"),
        ("in place", _goal, "changes the goal"),
        ("hasher", _hasher, "in training mode"),
        ("meta", _meta, "raises"),
    ],
)
def test_a_broken_attack_is_caught_by_the_rule_it_breaks(rule: str, body: Any, sentence: str) -> None:
    facts = {"access": "none"} if "relaxed" in sentence else {}
    found = [finding for finding in attack_findings(broken(body, **facts)) if finding.rule == rule]
    assert len(found) == 1 and sentence in str(found[0]), attack_findings(broken(body, **facts))


def test_a_line_of_the_plugin_is_named_where_it_raises() -> None:
    (found,) = [finding for finding in attack_findings(broken(_exits)) if finding.rule == "returns"]
    assert found.where == f"{__file__}:{_exits.__code__.co_firstlineno + 1}"


def test_fit_and_options_are_looked_at() -> None:
    @dataclass(frozen=True)
    class Fits(Sound):
        def fit(self, victim: Any, data: Any, aim: Any, budget: Any, run: Any) -> Any:
            return {"a": 1}

    assert [finding.rule for finding in attack_findings(Fits())][:2] == ["description", "fit"]

    @dataclass(frozen=True)
    class Odd(Sound):
        """Odd"""

        path: Any = Path("x")

    assert [f.rule for f in attack_findings(Odd())] == ["options"]

    @dataclass
    class Thawed:
        """Thawed"""

    thawed: Any = Thawed()
    assert report_findings(thawed)[0].rule == "dataclass"


def test_check_attack_raises_with_a_line_a_rule_and_passes_a_sound_one() -> None:
    check_attack(Sound())
    with pytest.raises(BrokenContract, match=r"(?s)Broken breaks its contract.*range:.*budget:"):
        check_attack(broken(lambda self, v, s, x, g, c, b, r: x + 3 * b.epsilon))
