"""GreedyHash: a classifier on the code itself, with gradients passed straight through the sign (Su et al., NeurIPS 2018)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, cast

import torch.nn.functional as F
from torch import Tensor, nn

from hashbench.api import Run, TrunkHasher, option, sign

from .central import shares
from .through import straight_through
from .training import Batch, Kept, TrainedMethod


def greedyhash_loss(scores: Tensor, logits: Tensor, labels: Tensor, quantisation: float) -> Tensor:
    """Cross-entropy of class scores (B, C) made of codes, and `quantisation` times the mean of ||v| - 1|^3, v the logits (B, K).

    `labels` (B, C) of 0/1, shared out evenly where there are several.
    """
    return F.cross_entropy(scores, shares(labels)) + quantisation * (logits.abs() - 1).abs().pow(3).mean()


@dataclass(frozen=True)
class GreedyHash(TrainedMethod):
    """GreedyHash: a linear classifier on signs, whose gradient is passed straight through (NeurIPS 2018)"""

    paper: ClassVar[str] = "https://papers.nips.cc/paper/7360"
    quantisation: float = option(0.1, "weight of the distance of logits to -1 and +1; 1 for ImageNet in the paper")

    def begin(self, hasher: TrunkHasher, labels: Tensor, run: Run) -> Kept:
        return {"classifier": nn.Linear(hasher.bits, labels.shape[1]).to(run.device)}

    def batch_loss(self, batch: Batch, kept: Kept, labels: Tensor) -> Tensor:
        scores = cast(nn.Module, kept["classifier"])(straight_through(batch.logits, sign(batch.logits)))
        return greedyhash_loss(scores, batch.logits, batch.labels, self.quantisation)
