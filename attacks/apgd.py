"""APGD: projected gradient descent whose step halves itself, image by image (Croce and Hein, ICML 2020)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import torch
from torch import Tensor

from hashbench.api import Budget, Descent, Memory, Task, by_image, option

from .losses import LOSSES

MOMENTUM, RHO = 0.75, 0.75
ROUNDING = 1e-5
"""A gain below this share of the loss is none: it is rounding, which depends on the batch, and no progress of the attack."""


def checkpoints(steps: int) -> Iterator[int]:
    """The numbers of steps after which the step size is looked at: windows of 22 % of the steps, each 3 % shorter, 6 % at least."""
    window, at = max(int(0.22 * steps), 1), 0
    while at + window <= steps:
        at += window
        yield at
        window = max(window - max(int(0.03 * steps), 1), max(int(0.06 * steps), 1))


@dataclass(frozen=True)
class APGD(Descent):
    """Auto-PGD towards the aim's code: momentum, a step that halves itself, the best point kept (ICML 2020)"""

    paper: ClassVar[str] = "https://arxiv.org/abs/2003.01690"
    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "standard": {"steps": 100, "starts": 1},
        "plus": {"steps": 100, "starts": 5},
        "random": {"steps": 100, "starts": 1, "samples": 20},
    }
    aim: str = option("mainstay", "the code to steer to: own, centre, mainstay, dhta, prototype, or another aim with its options")
    starts: int = option(1, "random starts; the best point of all is kept")
    loss: Literal["A", "B", "C", "D"] = option(
        "A", "agreement with the code: of tanh(u) (A), of u (B), of tanh(u) up to a margin (C), likewise of u without a scale (D)"
    )

    def __post_init__(self) -> None:
        self.at_least_one("steps", "starts", "samples")

    @property
    def rounds(self) -> int:
        return self.starts

    def distance(self, logits: Tensor, codes: Tensor) -> Tensor:
        return LOSSES[self.loss](logits, codes)

    def begin(self, kept: Memory, task: Task, start: int) -> None:
        """A start, and everything that is remembered for each image."""
        point = task.origin if start == 0 and task.origin is not None else self._drawn(task, f"start{start}")
        loss, gradient = self.evaluate(task, point, 0)
        size = torch.full_like(loss, 2 * task.budget.epsilon)
        fresh = {"point": point, "before": point, "gradient": gradient, "loss": loss, "size": size}
        fresh |= {"best": point, "best_loss": loss, "best_gradient": gradient, "seen_loss": loss}
        fresh |= {"fell": torch.zeros_like(loss), "halved": torch.ones_like(loss)}
        winner = {name: kept.get(name, value) for name, value in (("winner", point), ("winner_loss", loss))}
        kept.update({name: value.clone() for name, value in (fresh | winner).items()})
        _keep_winner(kept)

    @staticmethod
    def _drawn(task: Task, purpose: str) -> Tensor:
        """Points on the surface of the ball, or inside where the range cuts it."""
        images, budget = task.images, task.budget
        if budget.norm == "linf":
            noise = 2 * task.run.uniform(images, task.goal.indices, purpose) - 1
        else:
            noise = task.run.normal(images, task.goal.indices, purpose)
        return budget.project(images + budget.epsilon * touching(noise, budget), images)

    def step(self, kept: Memory, task: Task, step: int) -> None:
        point, moved, budget = kept["point"], kept["point"] - kept["before"], task.budget
        momentum = MOMENTUM if step else 1.0
        ahead = budget.project(point - kept["size"].view(-1, 1, 1, 1) * budget.steepest(kept["gradient"]), task.images)
        following = budget.project(point + momentum * (ahead - point) + (1 - momentum) * moved, task.images)
        loss, gradient = self.evaluate(task, following, step)
        kept.update(before=point, point=following, gradient=gradient, fell=kept["fell"] + _less(loss, kept["loss"]), loss=loss)
        better = _less(loss, kept["best_loss"])
        for name, value in (("best", following), ("best_loss", loss), ("best_gradient", gradient)):
            kept[name] = by_image(better, value, kept[name])
        _keep_winner(kept)
        looks = [look for look in checkpoints(self.steps) if look <= step + 1]
        if looks and looks[-1] == step + 1:
            _look(kept, looks[-1] - (looks[-2] if len(looks) > 1 else 0))

    def result(self, kept: Memory, task: Task) -> Tensor:
        return kept["winner"]


def touching(noise: Tensor, budget: Budget) -> Tensor:
    """Noise scaled to length 1 in the budget's norm: it touches the surface of the ball."""
    largest = noise.flatten(1).abs().amax(1).view(-1, 1, 1, 1)
    return noise / largest if budget.norm == "linf" else budget.steepest(noise)


def _look(kept: Memory, window: int) -> None:
    """Halve the step of images whose loss fell in too few steps, or whose best has not moved at an unchanged step; they go on
    from their best point."""
    stuck = (kept["halved"] == 0) & (kept["best_loss"] >= kept["seen_loss"])
    halve = (kept["fell"] <= RHO * window) | stuck
    for name, best in (("point", "best"), ("gradient", "best_gradient")):
        kept[name] = by_image(halve, kept[best], kept[name])
    kept["size"] = torch.where(halve, kept["size"] / 2, kept["size"])
    kept.update(halved=halve.to(kept["loss"].dtype), seen_loss=kept["best_loss"], fell=torch.zeros_like(kept["fell"]))


def _less(loss: Tensor, than: Tensor) -> Tensor:
    """(B,) bool: losses that are smaller by more than rounding."""
    return loss < than - ROUNDING * (1 + than.abs())


def _keep_winner(kept: Memory) -> None:
    """The best point of all starts."""
    better = _less(kept["best_loss"], kept["winner_loss"])
    kept["winner"] = by_image(better, kept["best"], kept["winner"])
    kept["winner_loss"] = torch.where(better, kept["best_loss"], kept["winner_loss"])
