"""HopSkipJump: walks along the boundary of the decision towards the query (Chen et al., IEEE S&P 2020)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from hashbench.api import Hunt, Memory, by_image, option

from .decision import Decision

_STARTS, _HALVINGS, _SHORTER = 20, 10, 8


@dataclass(frozen=True)
class HSJA(Decision):
    """Estimates the boundary's direction from yes and no, steps along its sign, and halves its way back to the query (S&P 2020)

    It starts at the first example, or at the first good enough of 20 random images. Probes are uniform noise of up to 0.1 a value
    at first, then of the distance to the query over the number of values; of 1/255 at least where images are rounded. What is
    returned is the walk's image, held to the budget.
    """

    paper: ClassVar[str] = "https://arxiv.org/abs/1904.02144"
    probes: int = option(100, "questions of the first estimate; the j-th asks sqrt(j) times as many")

    @property
    def cost(self) -> int:
        return self.probes

    def begin(self, kept: Memory, hunt: Hunt) -> None:
        if hunt.examples:
            walk = torch.stack([of[0] for of in hunt.examples])
            found = self.enough(hunt, walk)
        else:
            walk, found = hunt.images, torch.zeros(len(hunt.images), dtype=torch.bool, device=hunt.images.device)
            for start in range(_STARTS):
                drawn = hunt.run.uniform(hunt.images, hunt.indices, f"start {start}")
                good = self.enough(hunt, drawn, ~found)
                walk, found = by_image(good, drawn, walk), found | good
        kept.update(walk=walk, found=found, distance=torch.ones(len(walk), device=walk.device))
        self._back(kept, hunt, found)

    def step(self, kept: Memory, hunt: Hunt, step: int) -> None:
        asking = kept["found"] & hunt.quest.affords(self.cost)
        reach = 0.1 if step == 1 else kept["distance"].view(-1, 1, 1, 1) / hunt.images[0].numel()
        reach = torch.as_tensor(reach, device=asking.device).clamp_min(hunt.budget.levels and 1 / 255)
        total, along = torch.zeros_like(kept["distance"]), torch.zeros_like(kept["walk"])
        sum_of_noise = torch.zeros_like(along)
        count = min(round(self.probes * step**0.5), 10_000)
        for probe in range(count):
            noise = 2 * hunt.run.uniform(hunt.images, hunt.indices, f"probe {step} {probe}") - 1
            answer = torch.where(self.enough(hunt, (kept["walk"] + reach * noise).clamp(0, 1), asking), 1.0, -1.0)
            along, total = along + answer.view(-1, 1, 1, 1) * noise, total + answer
            sum_of_noise = sum_of_noise + noise
        along = along - (total / count).view(-1, 1, 1, 1) * sum_of_noise
        self._forward(kept, hunt, along.sign(), kept["distance"] / step**0.5, asking)
        self._back(kept, hunt, asking)

    def _forward(self, kept: Memory, hunt: Hunt, along: Tensor, length: Tensor, asking: Tensor) -> None:
        """A step that is halved until its end is good enough; none where it never is."""
        open_, walk = asking, kept["walk"]
        for _ in range(_SHORTER):
            tried = (kept["walk"] + length.view(-1, 1, 1, 1) * along).clamp(0, 1)
            good = self.enough(hunt, tried, open_) & open_
            walk, open_, length = by_image(good, tried, walk), open_ & ~good, length / 2
        kept["walk"] = walk

    def _back(self, kept: Memory, hunt: Hunt, asking: Tensor) -> None:
        """As near to the query as is good enough, value by value: the largest differences are clipped first."""
        away = kept["walk"] - hunt.images
        radius = away.abs().amax((1, 2, 3))
        low, high = torch.zeros_like(radius), radius
        for _ in range(_HALVINGS):
            middle = ((low + high) / 2).view(-1, 1, 1, 1)
            good = self.enough(hunt, hunt.images + away.clamp(-middle, middle), asking)
            low = torch.where(good, low, middle.flatten())
            high = torch.where(good, middle.flatten(), high)
        bound = high.view(-1, 1, 1, 1)
        kept["walk"] = torch.where(asking.view(-1, 1, 1, 1), hunt.images + away.clamp(-bound, bound), kept["walk"])
        kept["distance"] = torch.where(asking, high, kept["distance"])
        kept["point"] = hunt.budget.project(kept["walk"], hunt.images)
