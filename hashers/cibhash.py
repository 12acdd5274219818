"""CIBHash: codes without labels, by contrast between two looks at an image (Qiu et al., IJCAI 2021)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from hashbench.api import option, sign

from .augment import flip_and_shift
from .through import straight_through
from .training import Batch, Kept, TrainedMethod


def cibhash_loss(logits: Tensor, temperature: float, divergence: float) -> Tensor:
    """NT-Xent of the codes of both looks, and `divergence` times the KL divergence between their bits' probabilities, both ways.

    `logits` (2B, K): rows i and B + i are of one image. Codes are signs with gradients straight through; a bit is 1 by its sigmoid.
    """
    half = len(logits) // 2
    codes = F.normalize(straight_through(logits, sign(logits)))
    scores = codes @ codes.T / temperature
    scores = scores.masked_fill(torch.eye(len(logits), dtype=torch.bool, device=logits.device), -torch.inf)
    other = torch.arange(len(logits), device=logits.device).roll(half)
    contrast = F.cross_entropy(scores, other)
    left, right = logits[:half], logits[half:]
    apart = _divergence(left, right) + _divergence(right, left)
    return contrast + divergence * apart / 2


def _divergence(left: Tensor, right: Tensor) -> Tensor:
    """Mean over images of the summed KL divergence between Bernoulli bits of these logits (B, K)."""
    p = torch.sigmoid(left)
    ones = p * (F.logsigmoid(left) - F.logsigmoid(right))
    return (ones + (1 - p) * (F.logsigmoid(-left) - F.logsigmoid(-right))).sum(1).mean()


@dataclass(frozen=True)
class CIBHash(TrainedMethod):
    """CIBHash: no labels; two augmented looks at an image get one code, other images other codes (IJCAI 2021)"""

    least: ClassVar[int] = 2
    paper: ClassVar[str] = "https://arxiv.org/abs/2105.06138"
    again: ClassVar[bool] = True
    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {"quick": {"epochs": 10, "rate": 1e-3, "hidden": 256}}
    rate: float = option(1e-3, "learning rate of the hash layers")
    trunk_rate: float = option(0.0, "learning rate of the trunk, as a share of the hash layers'; 0: it stays")
    hidden: int = option(1024, "features between the two layers that make the code")
    temperature: float = option(0.3, "of the contrast")
    divergence: float = option(1e-3, "weight of the KL divergence between both looks")

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.temperature <= 0 or self.hidden < 1:
            raise ValueError("give a temperature above 0, and at least one of hidden.")

    def head(self, width: int, bits: int) -> nn.Module:
        return nn.Sequential(nn.Linear(width, self.hidden), nn.ReLU(), nn.Linear(self.hidden, bits))

    def views(self, images: Tensor, generator: torch.Generator) -> Tensor:
        return torch.cat([_look(images, generator), _look(images, generator)])

    def batch_loss(self, batch: Batch, kept: Kept, labels: Tensor) -> Tensor:
        return cibhash_loss(batch.logits, self.temperature, self.divergence)


def _look(images: Tensor, generator: torch.Generator) -> Tensor:
    """Mirrored or not, shifted, with each channel's contrast and brightness changed by up to 40 % and 0.2."""
    contrast, brightness = torch.rand(2, len(images), 3, 1, 1, generator=generator).to(images.device)
    mean = images.mean((2, 3), keepdim=True)
    changed = (images - mean) * (0.6 + 0.8 * contrast) + mean + 0.4 * brightness - 0.2
    return flip_and_shift(changed.clamp(0, 1), generator)
