"""ZOO: Adam on coordinates whose derivatives are asked for (Chen et al., AISec 2017)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch

from hashbench.api import Asking, Hunt, Memory, option

from .differences import blown, difference

_BETAS, _SMALL = (0.9, 0.999), 1e-8


@dataclass(frozen=True)
class ZOO(Asking):
    """Adam along one coordinate of a coarse grid after another, its derivative from two questions (AISec 2017)"""

    paper: ClassVar[str] = "https://arxiv.org/abs/1708.03999"
    grid: int = option(8, "side of the grid of coordinates, blown up to the image")
    probe: float | None = option(None, "how far a coordinate is moved to ask, in pixel values; none: epsilon, but a level")
    rate: float = option(0.01, "Adam's learning rate, in pixel values: 0.01 in the release, for ImageNet")

    @property
    def cost(self) -> int:
        return 2

    def begin(self, kept: Memory, hunt: Hunt) -> None:
        count = len(hunt.images)
        coarse = hunt.images.new_zeros(count, hunt.images.shape[1] * self.grid**2)
        order = hunt.run.uniform(coarse, hunt.indices, "order").argsort(1)
        kept.update(point=hunt.images.clone(), change=coarse, mean=coarse, square=coarse, times=coarse, order=order)

    def step(self, kept: Memory, hunt: Hunt, step: int) -> None:
        asking = hunt.quest.affords(self.cost)
        probe = max(hunt.budget.epsilon, 1 / 255) if self.probe is None else self.probe
        place = kept["order"][:, (step - 1) % kept["order"].shape[1], None]
        one = torch.zeros_like(kept["change"]).scatter(1, place, 1.0)
        above, below = (self._moved(kept["change"] + side * probe * one, hunt) for side in (1, -1))
        slope = difference(hunt, above, below, asking)[:, None] / (2 * probe)
        here = one * asking[:, None]
        kept["times"] = kept["times"] + here
        for name, beta, value in (("mean", _BETAS[0], slope), ("square", _BETAS[1], slope.square())):
            kept[name] = torch.where(here > 0, beta * kept[name] + (1 - beta) * value, kept[name])
        times = kept["times"].clamp_min(1)
        mean, square = (kept[name] / (1 - beta**times) for name, beta in zip(("mean", "square"), _BETAS, strict=True))
        epsilon = hunt.budget.epsilon
        change = kept["change"] + here * self.rate * mean / (square.sqrt() + _SMALL)
        kept["change"] = change.clamp(-epsilon, epsilon)
        kept["point"] = hunt.budget.project(self._moved(kept["change"], hunt), hunt.images)

    def _moved(self, change: torch.Tensor, hunt: Hunt) -> torch.Tensor:
        """The images with a coarse change (B, values of the grid)."""
        return hunt.images + blown(change.view(len(change), -1, self.grid, self.grid), hunt.images)
