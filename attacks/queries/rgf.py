"""RGF: a gradient from forward differences along random directions (Cheng et al., NeurIPS 2019)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from hashbench.api import Asking, Hunt, Memory, option

from .differences import on_grid


def unit(change: Tensor) -> Tensor:
    """Each image's change with a length of 1."""
    return change / change.flatten(1).norm(dim=1).clamp_min(1e-12).view(-1, 1, 1, 1)


@dataclass(frozen=True)
class RGF(Asking):
    """Steps along the sign of a gradient estimated from forward differences along random directions (NeurIPS 2019)"""

    paper: ClassVar[str] = "https://arxiv.org/abs/1906.06919"
    directions: int = option(50, "asked a step, beside the image itself")
    probe: float | None = option(
        None, "root mean square of a question's distance, in pixel values; none: epsilon, at least a level"
    )
    rate: float | None = option(None, "length of a step, in pixel values; none: a tenth of epsilon")
    grid: int = option(16, "side of the grid that directions are drawn on and blown up from; 0: every value for itself")

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.directions < 1:
            raise ValueError(f"directions is {self.directions}: give at least 1.")

    @property
    def cost(self) -> int:
        return self.directions + 1

    def begin(self, kept: Memory, hunt: Hunt) -> None:
        kept["point"] = hunt.images.clone()

    def step(self, kept: Memory, hunt: Hunt, step: int) -> None:
        asking = hunt.quest.affords(self.cost)
        here = hunt.quest(kept["point"], asking)
        gradient = self.estimate(kept, hunt, step, here, asking)
        rate = hunt.budget.epsilon / 10 if self.rate is None else self.rate
        kept["point"] = hunt.budget.project(kept["point"] + rate * gradient.sign(), hunt.images)

    def estimate(self, kept: Memory, hunt: Hunt, step: int, here: Tensor, asking: Tensor) -> Tensor:
        """The gradient's direction (B, 3, h, w) at the point, whose scores are `here`; 0 for those that do not ask."""
        gradient = torch.zeros_like(hunt.images)
        for count in range(self.directions):
            along = self.drawn(hunt, f"{step} {count}")
            gradient = gradient + self.slope(kept, hunt, here, along, asking) * along
        return gradient

    def drawn(self, hunt: Hunt, purpose: str) -> Tensor:
        """Random directions of length 1."""
        return unit(on_grid(hunt.images, self.grid, lambda like: hunt.run.normal(like, hunt.indices, purpose)))

    def slope(self, kept: Memory, hunt: Hunt, here: Tensor, along: Tensor, asking: Tensor) -> Tensor:
        """The derivative (B, 1, 1, 1) along directions of length 1, by a forward difference; 0 for those that do not ask."""
        reach = (max(hunt.budget.epsilon, 1 / 255) if self.probe is None else self.probe) * along[0].numel() ** 0.5
        there = hunt.quest(kept["point"] + reach * along, asking)
        return torch.where(asking & (there > -torch.inf), (there - here) / reach, 0).to(along.dtype).view(-1, 1, 1, 1)
