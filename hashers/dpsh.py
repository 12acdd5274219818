"""DPSH: deep pairwise-supervised hashing (IJCAI 2016), in the memory-bank form of the ProS-GAN release."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch.nn.functional as F
from torch import Tensor

from hashbench.api import option, sign

from .pairwise import PairwiseMethod


def dpsh_loss(outputs: Tensor, bank: Tensor, similar: Tensor, quantisation: float) -> Tensor:
    """The negative log-likelihood of pairwise similarity, and a quantisation penalty.

    `outputs` u (B, K) in (-1, 1) against `bank` U (N, K), `similar` S (B, N) of 0/1, Theta = u U^T / 2:
    -(1/(N B)) sum[S Theta - log(1 + exp Theta)] + quantisation/(N B) sum (sign(u) - u)^2.
    """
    theta = outputs @ bank.T / 2
    likelihood = (similar * theta - F.softplus(theta)).mean()
    return quantisation * (sign(outputs) - outputs).square().sum() / theta.numel() - likelihood


@dataclass(frozen=True)
class DPSH(PairwiseMethod):
    """Deep pairwise-supervised hashing: logistic loss on inner products of codes (IJCAI 2016)"""

    paper: ClassVar[str] = "https://www.ijcai.org/Proceedings/16/Papers/245.pdf"
    quantisation: float = option(
        50.0, "weight of the distance to the signs; divided by the number of training images, as the release"
    )

    def loss(self, outputs: Tensor, bank: Tensor, similar: Tensor) -> Tensor:
        return dpsh_loss(outputs, bank, similar, self.quantisation)
