"""TTA-GAN: a generator whose codes hold under small transforms of its images (ACM MM Asia 2023)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor

from hashbench.api import FittedAim, Goal, Run, UserError, Victim, option

from .prosgan.base import GeneratorAttack
from .prosgan.losses import hamming_loss
from .prosgan.training import Condition, Hashing
from .transforms import padded

VIEWS = 3


@dataclass(frozen=True)
class TTAGAN(GeneratorAttack):
    """Transferable targeted attack: a generator told the labels, its codes taken through resizing and turning (MM Asia 2023)

    The codes are an aim's; the paper's are optimised for each label by a loss like THA's. Half of the views are padded to 1.15 of
    their size, and each is turned by up to 10 degrees.
    """

    paper: ClassVar[str] = "https://doi.org/10.1145/3595916.3626438"
    own_weights: ClassVar[Mapping[str, float]] = {"nuswide": 25.0}
    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "quick": {"epochs": 33, "width": 16, "halvings": 0, "rate": 2e-3, "reconstruction": 20.0},
    }
    aim: str = option("tha", "the code of each label: tha, prototype, mainstay, centre")
    reconstruction: float | None = option(
        None, "weight of the reconstruction loss on [-1, 1]; none: 25 on NUS-WIDE, 50 elsewhere (the paper's 100 and 200 on [0, 1])"
    )
    adversarial: float = option(1 / 38, "weight of the discriminator's judgement; 0: no discriminator")

    def condition(self, victim: Victim, aim: FittedAim | None, run: Run) -> Condition:
        if aim is None or not aim.aim.targeted:
            raise UserError("ttagan needs an aim that gives labels a code: leave its option aim out.")

        def condition(targets: Tensor) -> tuple[Tensor, Tensor]:
            nothing = targets.new_zeros(len(targets), 3, 1, 1)
            with torch.no_grad():
                return targets, aim.codes(victim, nothing, Goal(targets, targets, tuple(range(len(targets)))), run)

        return condition

    def hashing(self, victim: Victim, run: Run) -> Hashing:
        def loss(images: Tensor, codes: Tensor, targets: Tensor) -> Tensor:
            views = (turned(images, run.generator) for _ in range(VIEWS))
            return torch.stack([hamming_loss(victim.relaxed(view), codes) for view in views]).mean()

        return loss


def turned(images: Tensor, generator: torch.Generator) -> Tensor:
    """Each image as DI has it, with a canvas of 1.15, then turned by up to 10 degrees about its centre."""
    lots = torch.rand(len(images), 5, generator=generator).to(images.device, non_blocking=True)
    angle = math.radians(10) * (2 * lots[:, 4] - 1)
    cos, sin, zero = angle.cos(), angle.sin(), torch.zeros_like(angle)
    rows = torch.stack([cos, -sin, zero, sin, cos, zero], dim=1).view(-1, 2, 3)
    grid = F.affine_grid(rows, list(images.shape), align_corners=False)
    return F.grid_sample(padded(images, lots, 0.15), grid, mode="bilinear", padding_mode="zeros", align_corners=False)
