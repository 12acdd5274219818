"""C&W: the least L2 change that turns every bit, by a search for the constant between the two (IEEE S&P 2017)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor

from hashbench.api import Descent, Memory, Task, option, remember

from .adam import adam


@dataclass(frozen=True)
class CW(Descent):
    """Carlini and Wagner's L2 attack with a hinge on each bit: |x' - x|^2 + c sum max(0, margin - f t) (IEEE S&P 2017)

    The image is (tanh w + 1) / 2 and Adam moves w. c is too large where a search turns every bit or ends outside the budget, too
    small elsewhere: times ten, or half between its bounds. Kept is, within the budget, the nearest image of those that turn every
    bit, else the one of the least hinge; an L-inf budget is held too, but not made use of.
    """

    paper: ClassVar[str] = "https://arxiv.org/abs/1608.04644"
    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "quick": {"steps": 50, "searches": 4},
        "published": {
            "aim": "mainstay",
            "samples": 1,
            "steps": 1000,
            "searches": 9,
            "rate": 0.01,
            "margin": 0.0,
            "constant": 1e-3,
        },
    }
    aim: str = option("mainstay", "the code to steer to: own, centre, mainstay, dhta, prototype, or another aim with its options")
    searches: int = option(9, "values of the constant that are tried, one after another")
    rate: float = option(0.01, "Adam's rate on w")
    margin: float = option(0.2, "the relaxed value that a bit is driven past, 0 to 1: survives rounding to 8 bits")
    constant: float = option(1.0, "the first c")

    def __post_init__(self) -> None:
        self.at_least_one("steps", "samples", "searches")

    @property
    def rounds(self) -> int:
        return self.searches

    def begin(self, kept: Memory, task: Task, start: int) -> None:
        images = task.images
        if start == 0:
            ones = images.new_ones(len(images))
            kept.update(best=images.clone(), best_loss=torch.full_like(ones, torch.inf), constant=ones * self.constant)
            kept.update(lower=ones * 0, upper=torch.full_like(ones, torch.inf))
        for name in ("first", "second"):
            kept.pop(name, None)
        kept["point"] = torch.atanh((2 * images - 1) * (1 - 1e-6))
        kept["turned"] = torch.zeros(len(images), dtype=torch.bool, device=images.device)

    def step(self, kept: Memory, task: Task, step: int) -> None:
        gradient = torch.zeros_like(kept["point"])
        hinge = torch.zeros_like(kept["constant"])
        for _ in range(self.views):
            leaf = kept["point"].detach().requires_grad_(True)
            images = _images(leaf)
            loss = self.distance(task.victim.logits(images), task.codes)
            size = (images - task.images).square().flatten(1).sum(1)
            (one,) = torch.autograd.grad((size + kept["constant"] * loss).sum(), leaf)
            gradient, hinge = gradient + one / self.views, hinge + loss.detach() / self.views
        _look(kept, task, _images(kept["point"]), hinge)
        kept["turned"] = kept["turned"] | (hinge <= 0)
        kept["point"] = kept["point"] - adam(kept, gradient, step, self.rate)

    def end(self, kept: Memory, task: Task, step: int) -> None:
        """Look at the last image, held to the budget; the next constant."""
        images = _images(kept["point"])
        held = task.budget.project(images, task.images)
        with torch.no_grad():
            hinges = [self.distance(task.victim.logits(held), task.codes) for _ in range(self.views)]
        _look(kept, task, held, torch.stack(hinges).mean(0))
        c = kept["constant"]
        large = kept["turned"] | ~_within(images, task)
        kept["upper"] = torch.where(large, torch.minimum(kept["upper"], c), kept["upper"])
        kept["lower"] = torch.where(large, kept["lower"], torch.maximum(kept["lower"], c))
        middle = (kept["lower"] + kept["upper"]) / 2
        kept["constant"] = torch.where(kept["upper"].isinf(), 10 * c, middle)

    def result(self, kept: Memory, task: Task) -> Tensor:
        return task.budget.project(kept["best"], task.images)

    def distance(self, logits: Tensor, codes: Tensor) -> Tensor:
        return (self.margin - torch.tanh(logits) * codes).clamp_min(0).sum(1)


def _images(w: Tensor) -> Tensor:
    return (torch.tanh(w) + 1) / 2


def _within(images: Tensor, task: Task) -> Tensor:
    """(B,) bool, but for rounding."""
    change = images - task.budget.project(images, task.images)
    return change.flatten(1).abs().amax(1) < 1e-5


def _look(kept: Memory, task: Task, images: Tensor, hinge: Tensor) -> None:
    """Remember images within the budget: of those whose bits have all turned the nearest, else those of the least hinge."""
    near = -1 / (1 + (images - task.images).square().flatten(1).sum(1))
    remember(kept, images, torch.where(_within(images, task), torch.where(hinge > 0, hinge, near), torch.inf))
