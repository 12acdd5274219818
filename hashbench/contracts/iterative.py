"""A template for iterative attacks: aim x loss x step rule x input transform. Built on the contract; not the contract."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from hashbench.contracts.attack import Attack, State
from hashbench.contracts.budget import Budget, epsilon_text
from hashbench.contracts.goal import Goal
from hashbench.contracts.plugin import option
from hashbench.contracts.run import Run
from hashbench.contracts.victim import Victim
from hashbench.typing import Float

RELEASE_BATCH = 32
"""The release steps along the gradient of a mean over its batch of 32; dividing per image keeps that strength at any batch."""


@dataclass(frozen=True)
class Iterative(Attack):
    """Descend the distance of the relaxed code to the aim's, in the budget. Subclasses set defaults or override a factor."""

    aim: str = option("dhta", "the code to steer to: own, p2p, dhta, prototype, or another aim with its options")
    steps: int = option(100, "iterations")
    step_size: float | None = option(1 / 255, "length of a step in pixel values (sign), or its factor (l2, raw); none: epsilon")
    rule: Literal["sign", "l2", "raw"] = option("sign", "step along the gradient's sign, the L2-normalised or the raw gradient")
    start: Literal["image", "uniform"] = option("image", "begin at the query, or at a uniform draw from the ball around it")
    anneal: Literal["none", "tenths", "release"] = option(
        "none", "alpha of tanh(alpha * logits): 1, or rising to 1 by tenths of the run, or by the release's absolute iterations"
    )
    expects: float | None = option(None, "the epsilon these options are for, where there is one: another is flagged")

    def __post_init__(self) -> None:
        if self.steps < 1:
            raise ValueError(f"steps is {self.steps}: give at least 1.")
        if self.step_size is not None and self.step_size <= 0:
            raise ValueError(f"step_size is {self.step_size:g}: give more than 0.")

    def remark(self, budget: Budget) -> str:
        if self.expects is None or abs(self.expects - budget.epsilon) < 1e-4:
            return ""
        wanted = epsilon_text(self.expects)
        return f"its options are for epsilon {wanted}, and the budget is {budget.text}: give --epsilon {wanted}"

    def perturb(
        self,
        victim: Victim,
        state: State,
        images: Float[Tensor, "b 3 h w"],
        goal: Goal,
        codes: Float[Tensor, "b bits"] | None,
        budget: Budget,
        run: Run,
    ) -> Float[Tensor, "b 3 h w"]:
        if codes is None:
            raise ValueError(f"{type(self).__name__} needs an aim.")
        size = budget.epsilon if self.step_size is None else self.step_size
        adversarial = budget.start(images, goal, run) if self.start == "uniform" else images.clone()
        kept = {"adversarial": adversarial}
        for step in run.resumable(self.steps, kept=kept):
            adversarial = kept["adversarial"].requires_grad_(True)
            relaxed = victim.relaxed(self.transform(adversarial, run), self.alpha(step))
            (gradient,) = torch.autograd.grad(self.loss(relaxed, codes).sum(), adversarial)
            kept["adversarial"] = budget.project(adversarial.detach() - size * self.direction(gradient), images)
        return kept["adversarial"]

    def loss(self, relaxed: Float[Tensor, "b bits"], codes: Float[Tensor, "b bits"]) -> Float[Tensor, " b"]:
        """-(1/K) f . h for each image (DHTA, eq. 8): no image's gradient depends on its batch."""
        return -(relaxed * codes).mean(dim=1)

    def transform(self, images: Float[Tensor, "b 3 h w"], run: Run) -> Float[Tensor, "b 3 h w"]:
        """The input transform, applied before the gradient is taken; the identity here."""
        return images

    def direction(self, gradient: Float[Tensor, "b 3 h w"]) -> Float[Tensor, "b 3 h w"]:
        """The step rule, image by image."""
        if self.rule == "sign":
            return gradient.sign()
        if self.rule == "l2":
            return gradient / gradient.flatten(1).norm(dim=1).clamp_min(1e-12).view(-1, 1, 1, 1)
        return gradient / RELEASE_BATCH

    def alpha(self, step: int) -> float:
        """The scale inside tanh at a step (methods of HAG and DHTA: small first, so that gradients do not vanish)."""
        if self.anneal == "none":
            return 1.0
        if self.anneal == "tenths":
            return (0.1, 0.1, 0.1, 0.1, 0.1, 0.2, 0.3, 0.5, 0.7, 1.0)[step * 10 // self.steps]
        bounds = ((1000, 0.1), (1200, 0.2), (1400, 0.3), (1600, 0.5), (1800, 0.7))
        return next((alpha for end, alpha in bounds if step < end), 1.0)
