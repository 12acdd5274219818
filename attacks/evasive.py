"""An attack that looks at detectors too."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor

from hashbench.api import Iterative, Task, option


@dataclass(frozen=True)
class Evasive(Iterative):
    """I-FGSM that also keeps bits far from turning, and the code of the denoised image the same: an adaptive attack on detectors

    It lowers -(1/K) f . h + weight (mean (|f| - 1)^2 - (1/K) f' . h), f' the relaxed code after a 3 x 3 median filter.
    """

    paper: ClassVar[str] = "https://arxiv.org/abs/2304.04228"
    weight: float = option(1.0, "of what the detectors of the benchmark `detection` look at")

    def objective(self, task: Task, images: Tensor, step: int, view: int) -> Tensor:
        logits = self.alpha(step) * task.victim.logits(images)
        loss = self.distance(logits, task.codes)
        if not self.weight:
            return loss
        quantisation = (torch.tanh(logits).abs() - 1).square().mean(1)
        denoised = self.distance(self.alpha(step) * task.victim.logits(median(images)), task.codes)
        return loss + self.weight * (quantisation + denoised)


def median(images: Tensor) -> Tensor:
    """Each value's median over its 3 x 3 neighbours, edges repeated."""
    batch, channels, height, width = images.shape
    around = F.unfold(F.pad(images, (1, 1, 1, 1), mode="replicate"), 3)
    middle = around.view(batch, channels, 9, height * width).sort(2).values[:, :, 4]
    return middle.view(batch, channels, height, width)
