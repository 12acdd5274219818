"""APGA: a generator guided by all points of the training split (TIFS 2025)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor

from hashbench.api import FittedAim, Run, Victim, option

from .prosgan.base import GeneratorAttack
from .prosgan.training import Condition, Hashing


@dataclass(frozen=True)
class APGA(GeneratorAttack):
    """All points guided: ProS-GAN's generator told the labels, drawn to the codes of the target and from all others (TIFS 2025)

    No code is steered to: lowered is -log of the share of exp(cos(f, b) / temperature) that is of codes b like the target. No
    discriminator.
    """

    paper: ClassVar[str] = (
        "https://github.com/rongxintu3/All-Points-Guided-Adversarial-Generator-for-Targeted-Attack-Against-Deep-Hashing-Retrieval"
    )
    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "quick": {"epochs": 33, "width": 16, "halvings": 0, "rate": 2e-3, "reconstruction": 20.0},
    }
    batch_size: int = option(32, "images a step")
    reconstruction: float | None = option(70.0, "weight of the reconstruction loss")
    adversarial: float = option(0.0, "weight of the discriminator's judgement; 0: no discriminator")
    temperature: float = option(0.2, "what cosines are divided by")

    def condition(self, victim: Victim, aim: FittedAim | None, run: Run) -> Condition:
        return lambda targets: (targets, targets)

    def hashing(self, victim: Victim, run: Run) -> Hashing:
        train = victim.reference("train")

        def loss(images: Tensor, codes: Tensor, targets: Tensor) -> Tensor:
            like = targets @ train.labels.T > 0
            return all_points_loss(victim.relaxed(images), train.codes, like, self.temperature)

        return loss


def all_points_loss(relaxed: Tensor, bank: Tensor, like: Tensor, temperature: float) -> Tensor:
    """Mean over the batch of -log (sum over like / sum over all of exp(cos / temperature)).

    `relaxed` (B, K), `bank` (N, K), `like` (B, N).
    """
    cosines = F.normalize(relaxed) @ F.normalize(bank).T / temperature
    wanted = torch.where(like, cosines, torch.finfo(cosines.dtype).min)
    return (cosines.logsumexp(1) - wanted.logsumexp(1)).mean()
