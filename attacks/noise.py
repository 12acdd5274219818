"""Noise: the baseline that asks the hasher nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor

from hashbench.api import Attack, Budget, Goal, Run, State, Victim


@dataclass(frozen=True)
class Noise(Attack):
    """Uniform noise in the budget: the baseline that asks the hasher nothing"""

    access: ClassVar = "none"

    def perturb(
        self, victim: Victim, state: State, images: Tensor, goal: Goal, codes: Tensor | None, budget: Budget, run: Run
    ) -> Tensor:
        return budget.start(images, goal, run)
