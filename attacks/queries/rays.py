"""RayS: a search for the direction along which the decision changes first (Chen and Gu, KDD 2020)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from hashbench.api import Hunt, Memory, by_image

from .decision import Decision
from .signhunter import flipped

_HALVINGS = 10
"""To 1e-3 of the range."""


@dataclass(frozen=True)
class RayS(Decision):
    """Flips blocks of signs and keeps directions that need less distance for a good enough answer (KDD 2020)

    The first direction is all plus, or towards the first example. What is returned is epsilon along the best one.
    """

    paper: ClassVar[str] = "https://arxiv.org/abs/2006.12792"

    def begin(self, kept: Memory, hunt: Hunt) -> None:
        signs = torch.ones_like(hunt.images)
        if hunt.examples:
            towards = torch.stack([of[0] for of in hunt.examples]) - hunt.images
            signs = torch.where(towards < 0, -1.0, 1.0)
        radius = torch.full((len(hunt.images),), torch.inf, device=hunt.images.device)
        kept.update(signs=signs, radius=radius)
        self._try(kept, hunt, signs)

    def step(self, kept: Memory, hunt: Hunt, step: int) -> None:
        self._try(kept, hunt, flipped(kept["signs"], step))

    def _try(self, kept: Memory, hunt: Hunt, signs: Tensor) -> None:
        """Keep directions that are good enough at the radius so far, with the least radius at which they are."""
        reach = kept["radius"].clamp_max(1)
        far = (hunt.images + reach.view(-1, 1, 1, 1) * signs).clamp(0, 1)
        good = self.enough(hunt, far)
        shorter = self._shortened(hunt, signs, reach, good)
        kept["radius"] = torch.where(good, shorter, kept["radius"])
        kept["signs"] = by_image(good, signs, kept["signs"])
        kept["point"] = hunt.budget.project(hunt.images + hunt.budget.epsilon * kept["signs"], hunt.images)

    def _shortened(self, hunt: Hunt, signs: Tensor, reach: Tensor, good: Tensor) -> Tensor:
        low, high = torch.zeros_like(reach), reach
        for _ in range(_HALVINGS):
            middle = (low + high) / 2
            asking = good & (high - low > 1e-3)
            enough = self.enough(hunt, (hunt.images + middle.view(-1, 1, 1, 1) * signs).clamp(0, 1), asking)
            low = torch.where(asking & ~enough, middle, low)
            high = torch.where(asking & enough, middle, high)
        return high
