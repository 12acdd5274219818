"""Momentum: what a step follows instead of the gradient at its point, so that images carry over to other hashers.

Gradients g are of the loss that is lowered; unit(g) = g / mean|g|; v <- decay v + unit(g).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from hashbench.api import Memory, Task

NEIGHBOURS = 20
"""Points around the image that VMI and PGN look at."""
Slope = Callable[[Tensor, int], tuple[Tensor, Tensor]]
"""A point and the number of its first view -> losses (B,) and gradients (B, 3, h, w)."""


@dataclass(frozen=True)
class Step:
    """One step of an attack with momentum."""

    kept: Memory
    task: Task
    slope: Slope
    number: int
    size: float
    """Of a step, in each value."""
    decay: float
    views: int
    """Views that a slope takes."""

    @property
    def velocity(self) -> Tensor:
        """v, zeros in the beginning."""
        return self.kept.get("velocity", torch.zeros_like(self.kept["point"]))

    def follow(self, gradient: Tensor) -> Tensor:
        """v with a gradient more."""
        self.kept["velocity"] = self.decay * self.velocity + unit(gradient)
        return self.kept["velocity"]

    def neighbour(self, i: int, reach: float) -> Tensor:
        """The point plus a uniform draw within `reach` times epsilon a value (l2: epsilon over the root of their number)."""
        images, budget = self.task.images, self.task.budget
        radius = budget.epsilon if budget.norm == "linf" else budget.epsilon / images[0].numel() ** 0.5
        draw = self.task.run.uniform(images, self.task.goal.indices, f"step{self.number} neighbour{i}")
        return self.kept["point"] + reach * radius * (2 * draw - 1)


def unit(gradient: Tensor) -> Tensor:
    """A gradient divided by its mean absolute value, image by image."""
    return gradient / gradient.flatten(1).abs().mean(1).clamp_min(1e-12).view(-1, 1, 1, 1)


def mi(step: Step) -> tuple[Tensor, Tensor]:
    """MI-FGSM (CVPR 2018): the gradient at the point."""
    loss, gradient = step.slope(step.kept["point"], 0)
    return loss, step.follow(gradient)


def ni(step: Step) -> tuple[Tensor, Tensor]:
    """NI-FGSM (ICLR 2020): the gradient a step further along the velocity."""
    loss, gradient = step.slope(step.kept["point"] - step.size * step.decay * step.velocity, 0)
    return loss, step.follow(gradient)


def vmi(step: Step) -> tuple[Tensor, Tensor]:
    """VMI-FGSM (CVPR 2021): the gradient, tuned by how those around the last point differed from it."""
    loss, gradient = step.slope(step.kept["point"], 0)
    velocity = step.follow(gradient + step.kept.get("variance", torch.zeros_like(gradient)))
    around = sum(step.slope(step.neighbour(i, 1.5), (1 + i) * step.views)[1] for i in range(NEIGHBOURS))
    step.kept["variance"] = around / NEIGHBOURS - gradient
    return loss, velocity


def pgn(step: Step) -> tuple[Tensor, Tensor]:
    """PGN (NeurIPS 2023): half the gradient at neighbours, half where a step back along it would lead: towards flat regions."""
    losses, gradients = [], []
    for i in range(NEIGHBOURS):
        near = step.neighbour(i, 3.0)
        loss, first = step.slope(near, 2 * i * step.views)
        _, second = step.slope(near + step.size * unit(first), (2 * i + 1) * step.views)
        losses.append(loss)
        gradients.append(0.5 * first + 0.5 * second)
    return torch.stack(losses).mean(0), step.follow(torch.stack(gradients).mean(0))


MOMENTUM: Mapping[str, Callable[[Step], tuple[Tensor, Tensor]]] = {"mi": mi, "ni": ni, "vmi": vmi, "pgn": pgn}
ELSEWHERE = ("ni", "pgn")
"""Those that take no loss at the point itself."""
