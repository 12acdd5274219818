"""ATRDH: the adversarial training of THA's paper (Wang et al., SIGIR 2021)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from torch import Tensor

from hashbench.api import inner, option

from .adversarial import AdversarialTraining, Seen


@dataclass(frozen=True)
class ATRDH(AdversarialTraining):
    """ATRDH: adversarial training against attacks towards other labels' codes, by pairs with clean images (SIGIR 2021)

    Towards the centre code of labels that are drawn, where the release trains a network beside the hasher that says the code.
    """

    paper: ClassVar[str] = ""
    method: str = inner("hashers", "dph", "the hashing method, with its options")
    aim: str = inner("aims", "centre", "the code that the inner attack steers to")
    optimiser: Literal["sgd", "adam"] = option("adam", "SGD, or Adam with beta1 0.5")
    rate: float = option(1e-4, "learning rate; it falls tenfold after half, and after three quarters of the epochs")
    weight_decay: float = option(0.0, "weight decay")

    def term(self, seen: Seen) -> Tensor:
        """Mean over (B, N) of (f(x') U^T / K - s)^2, s = 1 where two images share a class, else -1; U the bank of clean outputs."""
        similar = (seen.clean.labels @ seen.labels.T > 0).to(seen.changed.dtype)
        return (seen.changed @ seen.bank.T / seen.bank.shape[1] - (2 * similar - 1)).square().mean()
