"""MDSH: hash centres that are separated by a minimal distance (Wang et al., CVPR 2023)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, cast

import torch
import torch.nn.functional as F
from torch import Tensor

from hashbench.api import option

from .central import CentralMethod, shares
from .centres import spread_codes
from .training import Batch, Kept


def mdsh_loss(outputs: Tensor, centres: Tensor, labels: Tensor, pairs: float, quantisation: float) -> Tensor:
    """Mean cross-entropy of sqrt(K) cos(u, c_j) over classes j, a pair term, and the mean of (|u| - 1)^2, with their weights.

    `outputs` u (B, K) in (-1, 1), `centres` c (C, K) of -1 and +1, `labels` (B, C) of 0/1, shared out evenly.
    The pair term is DPSH's: the mean of log(1 + exp Theta) - S Theta over pairs of the batch, Theta = u u^T / 2.
    """
    scores = outputs.shape[1] ** 0.5 * F.normalize(outputs) @ F.normalize(centres).T
    central = F.cross_entropy(scores, shares(labels))
    theta = outputs @ outputs.T / 2
    paired = (F.softplus(theta) - (labels @ labels.T > 0) * theta).mean()
    return central + pairs * paired + quantisation * (outputs.abs() - 1).square().mean()


@dataclass(frozen=True)
class MDSH(CentralMethod):
    """MDSH: a softmax over hash centres that lie as far apart as can be, and a pair term (CVPR 2023)"""

    paper: ClassVar[str] = (
        "https://openaccess.thecvf.com/content/CVPR2023/html/"
        "Wang_Deep_Hashing_With_Minimal-Distance-Separated_Hash_Centers_CVPR_2023_paper.html"
    )
    pairs: float = option(0.1, "weight of the pair term; ours, as no code of the paper's states it")
    quantisation: float = option(1e-4, "weight of the distance to -1 and +1")

    def centres(self, classes: int, bits: int, generator: torch.Generator) -> Tensor:
        return spread_codes(classes, bits, generator)

    def batch_loss(self, batch: Batch, kept: Kept, labels: Tensor) -> Tensor:
        return mdsh_loss(batch.outputs, cast(Tensor, kept["centres"]), batch.labels, self.pairs, self.quantisation)
