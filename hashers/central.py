"""Training towards hash centres that are drawn before it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor

from hashbench.api import Run, TrunkHasher

from .centres import central_codes, draw_ties, majority
from .training import Batch, Kept, TrainedMethod


@dataclass(frozen=True)
class CentralMethod(TrainedMethod):
    """A method whose loss compares an image's outputs with the hash centres of its classes.

    Several labels: the bits of the majority of their centres, ties by chance. Centres and ties are of the method, its classes
    and bits, whatever the seed: a hasher that is trained on, as a defence does, keeps them.
    """

    def centres(self, classes: int, bits: int, generator: torch.Generator) -> Tensor:
        """(C, K) of -1 and +1."""
        return central_codes(classes, bits, generator)

    def begin(self, hasher: TrunkHasher, labels: Tensor, run: Run) -> Kept:
        classes, bits = labels.shape[1], hasher.bits
        drawn = torch.Generator().manual_seed(1000 * classes + bits)
        centres = self.centres(classes, bits, drawn)
        return {"centres": centres.to(run.device), "ties": draw_ties(bits, drawn).to(run.device)}

    def wanted(self, batch: Batch, kept: Kept) -> Tensor:
        """The code (B, K) that each image is drawn to."""
        return majority(batch.labels, cast(Tensor, kept["centres"]), cast(Tensor, kept["ties"]))


def shares(labels: Tensor) -> Tensor:
    """Labels (B, C) of 0/1 as shares that sum to 1; an image without a label has none."""
    return labels / labels.sum(1, keepdim=True).clamp_min(1)
