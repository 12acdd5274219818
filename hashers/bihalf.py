"""Bi-half Net: codes without labels, each bit set for half of the batch (Li and van Gemert, AAAI 2021)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor

from hashbench.api import option

from .training import Batch, Kept, TrainedMethod


class BiHalfLayer(torch.autograd.Function):
    """Each bit is +1 for the half of the batch with the larger logits; its gradient passes, and pulls logits to their bits."""

    @staticmethod
    def forward(ctx: Any, logits: Tensor, gamma: float) -> Tensor:
        ranks = logits.argsort(0, descending=True).argsort(0)
        codes = (ranks < len(logits) // 2).to(logits.dtype) * 2 - 1
        ctx.save_for_backward(logits, codes)
        ctx.gamma = gamma
        return codes

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        logits, codes = ctx.saved_tensors
        return gradients[0] + ctx.gamma * (logits - codes) / codes.numel(), None


def bihalf_loss(codes: Tensor, features: Tensor) -> Tensor:
    """Mean of (cos(b_i, b_j) - cos(x_i, x_j))^2 over the pairs of the batch's first half with its second.

    `codes` b (B, K) of -1 and +1, `features` x (B, width).
    """
    half = len(codes) // 2
    of_codes = F.cosine_similarity(codes[:half], codes[half : 2 * half])
    of_features = F.cosine_similarity(features[:half], features[half : 2 * half])
    return (of_codes - of_features).square().mean()


@dataclass(frozen=True)
class BiHalf(TrainedMethod):
    """Bi-half Net: no labels; codes as far apart as the trunk's features, each bit set for half of the images (AAAI 2021)"""

    least: ClassVar[int] = 2
    paper: ClassVar[str] = "https://arxiv.org/abs/2012.12334"
    trunk_rate: float = option(
        0.0, "learning rate of the trunk, as a share of the hash layer's; 0: it stays, and its features are kept"
    )
    gamma: float = option(6.0, "how strongly logits are pulled to their bits")

    def batch_loss(self, batch: Batch, kept: Kept, labels: Tensor) -> Tensor:
        return bihalf_loss(BiHalfLayer.apply(batch.logits, self.gamma), batch.features.detach())
