"""A template for iterative attacks: aim x loss x step rule x input transform. Built on the contract; not the contract."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from hashbench.contracts.budget import Budget, epsilon_text, length
from hashbench.contracts.descent import Descent, Memory, Task, remember
from hashbench.contracts.plugin import option
from hashbench.typing import Float

RELEASE_BATCH = 32
"""The release steps along the gradient of a mean over its batch of 32; dividing per image keeps that strength at any batch."""


@dataclass(frozen=True)
class Iterative(Descent):
    """Descend the distance of the relaxed code to the aim's, in the budget. Subclasses set defaults or override a factor."""

    step_size: float | None = option(1 / 255, "length of a step in pixel values (sign), or its factor (l2, raw); none: epsilon")
    rule: Literal["sign", "l2", "raw", "norm"] = option(
        "sign", "step along the gradient's sign, the L2-normalised or the raw gradient, or as the budget's norm has it steepest"
    )
    start: Literal["image", "uniform"] = option("image", "begin at the query, or at a uniform draw from the ball around it")
    starts: int = option(1, "starts, all but the first at uniform draws; of several the best point is kept")
    keep: Literal["last", "best"] = option(
        "last", "the point that is returned: the last, or that of the least loss since alpha has its last value"
    )
    settled: float | None = option(None, "leave an image alone once its loss is this low; none: never")
    anneal: Literal["none", "tenths", "release"] = option(
        "none", "alpha of tanh(alpha * logits): 1, or rising to 1 by tenths of the run, or by the release's absolute iterations"
    )
    expects: float | None = option(None, "the epsilon these options are for, where there is one: another is flagged")

    def __post_init__(self) -> None:
        self.at_least_one("steps", "samples", "starts")
        if self.step_size is not None and self.step_size <= 0:
            raise ValueError(f"step_size is {self.step_size:g}: give more than 0.")

    @property
    def rounds(self) -> int:
        return self.starts

    def remark(self, budget: Budget) -> str:
        if self.expects is None or (budget.norm == "linf" and abs(self.expects - budget.epsilon) < 1e-4):
            return ""
        wanted = epsilon_text(self.expects)
        return f"its options are for epsilon {wanted}, and the budget is {budget.text}: give --epsilon {wanted}"

    def begin(self, kept: Memory, task: Task, start: int) -> None:
        drawn = self.start == "uniform" or start > 0
        purpose = f"start{start}" if start else ""
        if start == 0 and task.origin is not None:
            point = task.origin
        else:
            point = task.budget.start(task.images, task.goal, task.run, purpose) if drawn else task.images.clone()
        for name in {*kept} - {"best", "best_loss"}:
            del kept[name]
        kept["point"] = point

    def step(self, kept: Memory, task: Task, step: int) -> None:
        """Gradient, step, projection."""
        loss, gradient = self.gradient(kept, task, step)
        if self._remembers and self.alpha(step) == self.alpha(self.steps - 1):  # losses of another alpha do not compare
            remember(kept, kept["point"], loss)
        change = self.size(task.budget) * self.direction(gradient, task.budget)
        if self.settled is not None:
            change = change * (loss > self.settled).to(change.dtype).view(-1, 1, 1, 1)
        kept["point"] = task.budget.project(kept["point"] - change, task.images)

    def end(self, kept: Memory, task: Task, step: int) -> None:
        """Look at the last point, which no gradient was taken at."""
        if self._remembers:
            with torch.no_grad():
                losses = [self.objective(task, kept["point"], step, view) for view in range(self.views)]
            remember(kept, kept["point"], torch.stack(losses).mean(0))

    def result(self, kept: Memory, task: Task) -> Float[Tensor, "b 3 h w"]:
        return kept["best"] if self._remembers else kept["point"]

    def gradient(self, kept: Memory, task: Task, step: int) -> tuple[Tensor, Tensor]:
        """(B,) losses and the gradients (B, 3, h, w) that the step follows: those at the point; momentum may add to them."""
        return self.evaluate(task, kept["point"], step)

    def size(self, budget: Budget) -> float:
        """The length of a step."""
        return budget.epsilon if self.step_size is None else self.step_size

    def direction(self, gradient: Float[Tensor, "b 3 h w"], budget: Budget) -> Float[Tensor, "b 3 h w"]:
        """The step rule, image by image."""
        if self.rule == "sign":
            return gradient.sign()
        if self.rule == "norm":
            return budget.steepest(gradient)
        if self.rule == "l2":
            return gradient / length(gradient).clamp_min(1e-12)
        return gradient / RELEASE_BATCH

    def objective(self, task: Task, images: Float[Tensor, "b 3 h w"], step: int, view: int) -> Float[Tensor, " b"]:
        views = self.transform(images, task, step, view)
        return self.distance(self.alpha(step) * task.victim.logits(views), task.codes)

    def transform(self, images: Float[Tensor, "b 3 h w"], task: Task, step: int, view: int) -> Float[Tensor, "b 3 h w"]:
        """The input transform, applied before the gradient is taken; the identity here."""
        return images

    def alpha(self, step: int) -> float:
        """The scale inside tanh at a step (methods of HAG and DHTA: small first, so that gradients do not vanish)."""
        if self.anneal == "none":
            return 1.0
        if self.anneal == "tenths":
            return tenths(step, self.steps)
        bounds = ((1000, 0.1), (1200, 0.2), (1400, 0.3), (1600, 0.5), (1800, 0.7))
        return next((alpha for end, alpha in bounds if step < end), 1.0)

    @property
    def _remembers(self) -> bool:
        return self.keep == "best" or self.starts > 1


def tenths(step: int, steps: int) -> float:
    """alpha of a step by tenths of the run (SAAT's schedule)."""
    return (0.1, 0.1, 0.1, 0.1, 0.1, 0.2, 0.3, 0.5, 0.7, 1.0)[step * 10 // steps]
