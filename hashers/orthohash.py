"""OrthoHash: one loss for all, a cosine classifier whose weights are binary codes (Hoe et al., NeurIPS 2021)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, cast

import torch.nn.functional as F
from torch import Tensor, nn

from hashbench.api import option

from .central import CentralMethod, shares
from .training import Batch, Kept


def orthohash_loss(logits: Tensor, centres: Tensor, labels: Tensor, scale: float, margin: float) -> Tensor:
    """Mean cross-entropy of s (cos(v, c_j) - m y_j) over classes j, with labels shared out evenly where there are several.

    `logits` v (B, K), `centres` c (C, K) of -1 and +1, `labels` y (B, C) of 0/1.
    """
    cosines = F.normalize(logits) @ F.normalize(centres).T
    return F.cross_entropy(scale * (cosines - margin * labels), shares(labels))


@dataclass(frozen=True)
class OrthoHash(CentralMethod):
    """OrthoHash: a cosine classifier with a margin, whose class weights are fixed codes, behind batch norm (NeurIPS 2021)"""

    least: ClassVar[int] = 2
    paper: ClassVar[str] = "https://arxiv.org/abs/2109.14449"
    scale: float = option(8.0, "of the cosines")
    margin: float = option(0.2, "taken off the cosine of an image's own classes")

    def head(self, width: int, bits: int) -> nn.Module:
        """Batch norm halves each bit over the training images."""
        return nn.Sequential(nn.Linear(width, bits), nn.BatchNorm1d(bits))

    def batch_loss(self, batch: Batch, kept: Kept, labels: Tensor) -> Tensor:
        return orthohash_loss(batch.logits, cast(Tensor, kept["centres"]), batch.labels, self.scale, self.margin)
