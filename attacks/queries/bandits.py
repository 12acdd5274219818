"""Bandits with time and data priors: a coarse gradient that is kept from step to step (Ilyas et al., ICLR 2019)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from hashbench.api import Asking, Hunt, Memory, option

from .differences import blown, difference


def exponentiated(prior: Tensor, gradient: Tensor, rate: float) -> Tensor:
    """A step of exponentiated gradients for values in [-1, 1]: p = (v + 1) / 2 against 1 - p."""
    odds = torch.log((1 + prior).clamp_min(1e-6)) - torch.log((1 - prior).clamp_min(1e-6)) + 2 * rate * gradient
    return torch.tanh(odds / 2)


@dataclass(frozen=True)
class Bandits(Asking):
    """Learns a coarse gradient from pairs of questions around it, and steps along its sign (ICLR 2019)"""

    paper: ClassVar[str] = "https://arxiv.org/abs/1807.07978"
    grid: int = option(20, "side of the prior: 20 for images of 32 px, 50 for ImageNet")
    prior_rate: float = option(0.1, "learning rate of the prior: 0.1 for images of 32 px, 100 for ImageNet")
    rate: float = option(0.01, "length of a step, in pixel values")
    probe: float | None = option(
        None, "root mean square of a question's distance, in pixel values; none: epsilon, at least a level"
    )

    @property
    def cost(self) -> int:
        return 2

    def begin(self, kept: Memory, hunt: Hunt) -> None:
        prior = hunt.images.new_zeros(*hunt.images.shape[:2], self.grid, self.grid)
        kept.update(point=hunt.images.clone(), prior=prior)

    def step(self, kept: Memory, hunt: Hunt, step: int) -> None:
        asking, prior = hunt.quest.affords(self.cost), kept["prior"]
        probe = max(hunt.budget.epsilon, 1 / 255) if self.probe is None else self.probe
        noise = hunt.run.normal(prior, hunt.indices, f"noise {step}") / prior[0].numel() ** 0.5
        one, other = (kept["point"] + probe * _unit(blown(prior + side * noise, hunt.images)) for side in (1, -1))
        slope = (difference(hunt, one, other, asking) / probe).view(-1, 1, 1, 1)
        kept["prior"] = exponentiated(prior, slope * noise, self.prior_rate)
        along = blown(kept["prior"], hunt.images).sign() * asking.view(-1, 1, 1, 1)
        kept["point"] = hunt.budget.project(kept["point"] + self.rate * along, hunt.images)


def _unit(change: Tensor) -> Tensor:
    """With a root mean square of 1."""
    return change / change.flatten(1).square().mean(1).sqrt().clamp_min(1e-12).view(-1, 1, 1, 1)
