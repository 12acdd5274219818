"""MI-FGSM (Dong et al., CVPR 2018) towards a code."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import torch

from hashbench.api import Attack, option


@dataclass(frozen=True)
class MomentumIFGSM(Attack):
    """Sign steps along a decaying sum of L1-normalised gradients (MI-FGSM, CVPR 2018)"""

    paper: ClassVar[str] = "https://arxiv.org/abs/1710.06081"
    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {"quick": {"steps": 20}}
    aim: str = option("dhta", "the code to steer to")
    steps: int = option(100, "iterations")
    step_size: float = option(1 / 255, "length of a step in pixel values")
    decay: float = option(1.0, "of the momentum; 0: I-FGSM")

    def perturb(self, victim, state, images, goal, codes, budget, run):
        adversarial, momentum = images.clone(), torch.zeros_like(images)
        for _ in range(self.steps):
            adversarial.requires_grad_(True)
            loss = -(victim.relaxed(adversarial) * codes).mean(dim=1).sum()
            (gradient,) = torch.autograd.grad(loss, adversarial)
            size = gradient.abs().mean(dim=(1, 2, 3), keepdim=True).clamp_min(1e-12)
            momentum = self.decay * momentum + gradient / size
            adversarial = budget.project(adversarial.detach() - self.step_size * momentum.sign(), images)
        return adversarial
