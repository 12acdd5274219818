"""Codes in closed form: towards the codes of images that share a class with the target, away from all others'."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar, Literal

import torch.nn.functional as F
from torch import Tensor

from hashbench.api import Aim, Goal, Run, State, Victim, option, sign


def pulled_code(near: Tensor, bank: Tensor) -> Tensor:
    """(B, K) codes from weights (B, N) >= 0 of bank codes (N, K): the sign of the weighted mean less the mean of those of weight 0.

    A side without any image gives nothing; a tie is +1.
    """
    far = (near == 0).to(bank.dtype)
    means = [weights @ bank / weights.sum(1, keepdim=True).clamp_min(1e-12) for weights in (near, far)]
    return sign(means[0] - means[1])


@dataclass(frozen=True)
class ClosedForm(Aim):
    """A code from the labelled codes of a split; for the target's labels, or away from the query's own."""

    away: bool = option(False, "untargeted: the opposite of the code for the query's own labels")
    split: Literal["train", "database"] = option("train", "whose labelled codes are used; the papers use the training split's")

    @property
    def targeted(self) -> bool:
        return not self.away

    @abstractmethod
    def weights(self, labels: Tensor, bank: Tensor) -> Tensor:
        """(B, N) weights of bank labels (N, C) for labels (B, C); 0 where they share no class."""

    def codes(self, victim: Victim, state: State, images: Tensor, goal: Goal, run: Run) -> Tensor:
        reference = victim.reference(self.split)
        code = self.code(self.weights(goal.query_labels if self.away else goal.target_labels, reference.labels), reference.codes)
        return -code if self.away else code

    def code(self, weights: Tensor, bank: Tensor) -> Tensor:
        """(B, K) codes in {-1, +1} from weights of bank codes."""
        return pulled_code(weights, bank)


@dataclass(frozen=True)
class CentreCode(ClosedForm):
    """CgAT's centre code: the mean code of images that share a class with the target, less the others' mean (WWW 2023)"""

    paper: ClassVar[str] = "https://arxiv.org/abs/2204.10779"

    def weights(self, labels: Tensor, bank: Tensor) -> Tensor:
        return (labels @ bank.T > 0).to(bank.dtype)


@dataclass(frozen=True)
class MainstayCode(ClosedForm):
    """SAAT's mainstay code: the centre code with images weighted by the cosine of their labels with the target's (TIFS 2023)"""

    paper: ClassVar[str] = "https://github.com/xandery-geek/SAAT"

    def weights(self, labels: Tensor, bank: Tensor) -> Tensor:
        return F.normalize(labels) @ F.normalize(bank).T


@dataclass(frozen=True)
class NeighbourCode(CentreCode):
    """SDHA's best code in closed form: the mean code of images that share a class with the target, or its opposite (ICMR 2021)"""

    paper: ClassVar[str] = "https://doi.org/10.1145/3460426.3463640"

    def code(self, weights: Tensor, bank: Tensor) -> Tensor:
        return sign(weights @ bank)
