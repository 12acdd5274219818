"""DPH: squared error between inner products of codes and similarity (Yang et al., IEEE TCYB 2018), in memory-bank form.

Not Deep Priority Hashing, which shares the letters.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor

from .pairwise import PairwiseMethod


def dph_loss(outputs: Tensor, bank: Tensor, similar: Tensor) -> Tensor:
    """Mean over (B, N) of (u U^T / K - s)^2, s in {-1, +1}.

    `outputs` u (B, K) in (-1, 1), `bank` U (N, K), `similar` (B, N) of 0/1.
    """
    return (outputs @ bank.T / outputs.shape[1] - (2 * similar - 1)).square().mean()


@dataclass(frozen=True)
class DPH(PairwiseMethod):
    """Deep pairwise hashing of the HAG paper: squared error on inner products of codes (IEEE TCYB 2018)"""

    paper: ClassVar[str] = "https://doi.org/10.1109/TCYB.2018.2882908"

    def loss(self, outputs: Tensor, bank: Tensor, similar: Tensor) -> Tensor:
        return dph_loss(outputs, bank, similar)
