"""HashNet: class-weighted logistic loss, and a tanh that sharpens while training (ICCV 2017), in memory-bank form."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import torch.nn.functional as F
from torch import Tensor

from hashbench.api import Trunk, TrunkHasher, option

from .pairwise import PairwiseMethod


def hashnet_loss(outputs: Tensor, bank: Tensor, similar: Tensor, alpha: float) -> Tensor:
    """Mean logistic loss of z = alpha u U^T, similar pairs weighted |all| / |similar|, the others |all| / |dissimilar|.

    `outputs` u (B, K) in (-1, 1), `bank` U (N, K), `similar` S (B, N) of 0/1.
    """
    z = alpha * outputs @ bank.T
    pairs = F.softplus(z) - similar * z
    alike = similar.sum()
    return (pairs * similar).sum() / alike.clamp_min(1) + (pairs * (1 - similar)).sum() / (similar.numel() - alike).clamp_min(1)


@dataclass(frozen=True)
class HashNet(PairwiseMethod):
    """HashNet: class-weighted logistic loss with a tanh whose scale grows while training (ICCV 2017)"""

    paper: ClassVar[str] = "https://arxiv.org/abs/1702.00758"
    alpha: float = option(0.1, "scale of the inner products in the loss")
    growth: float = option(0.005, "of the tanh's scale, sqrt(1 + growth * step), training steps counted from 1")
    refresh: int = option(200, "the scale is set anew every so many training steps; the last one stays")

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.growth < 0:
            raise ValueError(f"growth is {self.growth:g}: give 0 or more.")
        if self.refresh < 1:
            raise ValueError(f"refresh is {self.refresh}: give at least 1.")

    def loss(self, outputs: Tensor, bank: Tensor, similar: Tensor) -> Tensor:
        return hashnet_loss(outputs, bank, similar, self.alpha)

    def starts_small(self, trunk: Trunk) -> bool:
        return True

    def before_step(self, hasher: TrunkHasher, step: int) -> None:
        if step % self.refresh == 0:
            hasher.scale.clamp_min_(math.sqrt(1 + self.growth * step))  # one that goes on from a trained hasher keeps its scale
