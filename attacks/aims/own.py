"""Away from the query's own code: the untargeted aim."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from hashbench.api import Aim, Goal, Run, State, Victim


@dataclass(frozen=True)
class Own(Aim):
    """Untargeted: the opposite of the query's own code"""

    @property
    def targeted(self) -> bool:
        return False

    def codes(self, victim: Victim, state: State, images: Tensor, goal: Goal, run: Run) -> Tensor:
        return -victim.codes(images)
