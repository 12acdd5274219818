"""Random search: the control of every attack that only asks."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from hashbench.api import Asking, Hunt, Memory

from .keeping import keep_better


@dataclass(frozen=True)
class RandomSearch(Asking):
    """Signs of epsilon drawn anew with every question, the best kept: what asking gains without learning"""

    def begin(self, kept: Memory, hunt: Hunt) -> None:
        point = self._drawn(hunt, 0)
        kept.update(point=point, score=hunt.quest(point))

    def step(self, kept: Memory, hunt: Hunt, step: int) -> None:
        keep_better(kept, hunt, self._drawn(hunt, step))

    def _drawn(self, hunt: Hunt, step: int) -> Tensor:
        lots = hunt.run.uniform(hunt.images, hunt.indices, f"draw {step}")
        return hunt.budget.project(hunt.images + hunt.budget.epsilon * torch.where(lots < 0.5, -1.0, 1.0), hunt.images)
