"""A patch: a small square that makes any image look like a class (AdvHash, ACM MM 2021)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from hashbench.api import Budget, option

from .universal import Universal


@dataclass(frozen=True)
class Patch(Universal):
    """A square of 5 % of the image, one for each class, that steers any image to the class's centre code (ACM MM 2021)

    It changes its pixels by any amount, so it is for an epsilon of 1. Images of a batch count more the nearer their code already
    is, as the paper weighs them.
    """

    paper: ClassVar[str] = "https://doi.org/10.1145/3474085.3475396"
    towards: bool = option(True, "one patch a class, towards its centre code; else one for all, untargeted")
    step_size: float | None = option(4 / 255, "length of a step in pixel values; none: epsilon / 10")
    decay: float = option(0.0, "share of the velocity that stays from step to step")
    area: float = option(0.05, "share of the image that it covers, at the lower right")

    def remark(self, budget: Budget) -> str:
        if budget.norm == "linf" and budget.epsilon >= 1:
            return ""
        return f"a patch changes its pixels by any amount, and the budget is {budget.text}: give --epsilon 1"

    def placed(self, change: Tensor, images: Tensor, budget: Budget) -> Tensor:
        side = max(round((self.area * images.shape[-1] * images.shape[-2]) ** 0.5), 1)
        mask = torch.zeros_like(images[:1, :1])
        mask[..., -side - 1 : -1, -side - 1 : -1] = 1
        return budget.project(images + mask * (change + 0.5 - images), images)

    def held(self, change: Tensor, budget: Budget) -> Tensor:
        return change.clamp(-0.5, 0.5)

    def weights(self, agreement: Tensor) -> Tensor:
        return agreement + agreement.min().abs() + 2
