"""One perturbation for all images: untargeted (UTAP's form), or one for each class (TUA's)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor

from hashbench.api import Attack, Budget, FittedAim, Goal, Run, Split, State, Victim, by_image, epochs, option

from .aims.closed import pulled_code
from .momentum import unit


@dataclass(frozen=True)
class Universal(Attack):
    """A perturbation learned from training images and added to any query: away from own codes, or towards each class's centre code

    Sign steps with momentum on batches, as UTAP (AAAI 2024). Towards classes, a target of several gets the mean of theirs.
    """

    paper: ClassVar[str] = "https://doi.org/10.1609/aaai.v38i6.28420"
    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {"quick": {"epochs": 5}}
    towards: bool = option(False, "one perturbation a class, towards its centre code; else one for all, untargeted")
    epochs: int = option(20, "passes over the training split")
    batch_size: int = option(64, "images a step")
    decay: float = option(0.8, "share of the velocity that stays from step to step")
    step_size: float | None = option(None, "length of a step in the budget's norm; none: epsilon / 10")

    @property
    def targeted(self) -> bool:  # type: ignore[override]
        return self.towards

    def fit(self, victim: Victim, data: Split, aim: FittedAim | None, budget: Budget, run: Run) -> dict[str, Tensor]:
        train = victim.reference("train")
        classes = torch.eye(train.labels.shape[1], device=run.device)
        centres = pulled_code(classes @ train.labels.T, train.codes)
        shape = (len(classes) if self.towards else 1, 3, data.image_size, data.image_size)
        kept = {name: torch.zeros(shape, device=run.device) for name in ("change", "velocity")}
        for _, _, positions, images in epochs(data, self.epochs, self.batch_size, run, "training a perturbation", kept=kept):
            drawn = torch.randint(shape[0], (len(images),), generator=run.generator).to(run.device, non_blocking=True)
            codes = centres[drawn] if self.towards else -train.codes[positions]
            change = kept["change"].detach().requires_grad_(True)
            agreement = (victim.relaxed(self.placed(change[drawn], images, budget)) * codes).mean(1)
            (gradient,) = torch.autograd.grad(-(self.weights(agreement.detach()) * agreement).sum(), change)
            size = budget.epsilon / 10 if self.step_size is None else self.step_size
            velocity = self.decay * kept["velocity"] + unit(gradient)
            moved = self.held(kept["change"] - size * budget.steepest(velocity), budget)
            there = torch.zeros(shape[0], device=run.device).index_fill(0, drawn, 1.0) > 0
            for name, value in (("change", moved), ("velocity", velocity)):
                kept[name] = by_image(there, value, kept[name])
        return {"change": kept["change"]}

    def perturb(
        self, victim: Victim, state: State, images: Tensor, goal: Goal, codes: Tensor | None, budget: Budget, run: Run
    ) -> Tensor:
        shares = goal.target_labels if self.towards else images.new_ones(len(images), 1)
        change = torch.einsum("bc,cxyz->bxyz", shares, state["change"]) / shares.sum(1).clamp_min(1).view(-1, 1, 1, 1)
        return budget.project(self.placed(change, images, budget), images)

    def placed(self, change: Tensor, images: Tensor, budget: Budget) -> Tensor:
        """Images (B, 3, h, w) with their changes."""
        return budget.project(images + change, images)

    def held(self, change: Tensor, budget: Budget) -> Tensor:
        """Changes within what any image may bear."""
        return budget.project(change + 0.5, torch.full_like(change, 0.5)) - 0.5

    def weights(self, agreement: Tensor) -> Tensor:
        """(B,) weights of images whose codes agree so far with theirs."""
        return torch.ones_like(agreement)
