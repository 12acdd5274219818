"""DPN: deep polarized network (Fan et al., IJCAI 2020)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor

from hashbench.api import option

from .central import CentralMethod
from .training import Batch, Kept


def dpn_loss(logits: Tensor, wanted: Tensor, margin: float) -> Tensor:
    """Mean of max(0, m - v t) over logits v (B, K) and wanted bits t (B, K) of -1 and +1: the polarisation loss."""
    return (margin - logits * wanted).clamp_min(0).mean()


@dataclass(frozen=True)
class DPN(CentralMethod):
    """Deep polarized network: each logit is pushed past a margin on the side of its centre's bit (IJCAI 2020)"""

    paper: ClassVar[str] = "https://www.ijcai.org/proceedings/2020/115"
    margin: float = option(1.0, "how far past zero a logit is pushed")

    def batch_loss(self, batch: Batch, kept: Kept, labels: Tensor) -> Tensor:
        return dpn_loss(batch.logits, self.wanted(batch, kept), self.margin)
