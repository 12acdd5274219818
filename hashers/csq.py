"""CSQ: central similarity quantisation (Yuan et al., CVPR 2020)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import torch.nn.functional as F
from torch import Tensor

from hashbench.api import option

from .central import CentralMethod
from .training import Batch, Kept


def csq_loss(outputs: Tensor, wanted: Tensor, quantisation: float) -> Tensor:
    """Mean cross-entropy of (u + 1) / 2 with the wanted bits, and `quantisation` times the mean of (|u| - 1)^2.

    `outputs` u (B, K) in (-1, 1), `wanted` (B, K) of -1 and +1.
    """
    likelihood = F.binary_cross_entropy((outputs + 1) / 2, (wanted + 1) / 2)
    return likelihood + quantisation * (outputs.abs() - 1).square().mean()


@dataclass(frozen=True)
class CSQ(CentralMethod):
    """Central similarity quantisation: codes are drawn to the hash centres of their classes (CVPR 2020)"""

    paper: ClassVar[str] = "https://arxiv.org/abs/1908.00347"
    optimiser: Literal["sgd", "adam", "adamw", "rmsprop"] = option("rmsprop", "plain SGD without momentum, Adam, AdamW, or RMSprop")
    rate: float = option(1e-5, "learning rate of the hash layer")
    trunk_rate: float = option(
        1.0, "learning rate of the trunk, as a share of the hash layer's; 0: it stays, and its features are kept"
    )
    quantisation: float = option(1e-4, "weight of the distance to -1 and +1")

    def batch_loss(self, batch: Batch, kept: Kept, labels: Tensor) -> Tensor:
        return csq_loss(batch.outputs, self.wanted(batch, kept), self.quantisation)
