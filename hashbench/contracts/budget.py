"""The threat model: which norm, how much, and the projection onto it."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from hashbench.contracts.goal import Goal
from hashbench.contracts.run import Run
from hashbench.errors import UnknownName, UserError
from hashbench.typing import NORMS, Float, Norm


@dataclass(frozen=True)
class Budget:
    """How far an adversarial image may be from its query, in pixel values of [0, 1].

    `linf`: the largest difference of a value; `l2`: the Euclidean length of the difference over all values of an image.
    """

    epsilon: float = 8 / 255
    norm: Norm = "linf"

    def __post_init__(self) -> None:
        if self.norm not in NORMS:
            raise UnknownName("norm", self.norm, NORMS)
        if self.norm == "linf" and not 0 <= self.epsilon <= 1:
            raise UserError(f"epsilon is {self.epsilon:g}: give a value in (0, 1], such as 8/255.")
        if not 0 <= self.epsilon < float("inf"):
            raise UserError(f"epsilon is {self.epsilon:g}: give a length above 0, such as 2.0.")

    @property
    def text(self) -> str:
        """epsilon as it is usually written: 8/255, or L2 2."""
        return epsilon_text(self.epsilon, self.norm)

    @property
    def levels(self) -> int:
        """The largest change of an 8-bit pixel value inside the budget."""
        return min(int(255 * self.epsilon + 1e-6), 255)

    def start(self, images: Float[Tensor, "b 3 h w"], goal: Goal, run: Run, purpose: str = "") -> Float[Tensor, "b 3 h w"]:
        """A uniform draw from the ball around each image, clipped to [0, 1]; one query's draw is its own, and so is a purpose's."""
        if self.norm == "linf":
            noise = 2 * run.uniform(images, goal.indices, purpose) - 1
            return (images + self.epsilon * noise).clamp(0, 1)
        direction = run.normal(images, goal.indices, purpose)
        radius = run.uniform(images[:, :1, :1, :1], goal.indices, f"{purpose} radius") ** (1 / images[0].numel())
        return (images + self.epsilon * radius * self.steepest(direction)).clamp(0, 1)

    def project(self, adversarial: Float[Tensor, "b 3 h w"], images: Float[Tensor, "b 3 h w"]) -> Float[Tensor, "b 3 h w"]:
        """The images inside the ball and inside [0, 1]: each difference clamped (linf), or shortened (l2), then the range."""
        change = adversarial - images
        if self.norm == "linf":
            return (images + change.clamp(-self.epsilon, self.epsilon)).clamp(0, 1)
        return (images + change * (self.epsilon / length(change).clamp_min(1e-12)).clamp_max(1)).clamp(0, 1)

    def steepest(self, gradient: Float[Tensor, "b 3 h w"]) -> Float[Tensor, "b 3 h w"]:
        """The step of length 1 in this norm along which a linear function rises most: the sign, or the normalised gradient."""
        return gradient.sign() if self.norm == "linf" else gradient / length(gradient).clamp_min(1e-12)

    def eight_bit(self, adversarial: Float[Tensor, "b 3 h w"], images: Float[Tensor, "b 3 h w"]) -> Float[Tensor, "b 3 h w"]:
        """Whole levels 0 to 255 within the budget of the images' own: nearest, then clamped (linf), or the largest part of the
        way to the image whose rounded difference is short enough (l2)."""
        before, after = (images * 255).round(), (adversarial.clamp(0, 1) * 255).round()
        if self.norm == "linf":
            return before + (after - before).clamp(-self.levels, self.levels)
        change = adversarial.clamp(0, 1) * 255 - before
        low, high = (torch.full_like(change[:, :1, :1, :1], end) for end in (0.0, 1.0))
        for _ in range(20):
            middle = (low + high) / 2
            fits = self._fits((middle * change).round())
            low, high = torch.where(fits, middle, low), torch.where(fits, high, middle)
        return torch.where(self._fits(after - before), after, before + (low * change).round())

    def _fits(self, levels: Float[Tensor, "b 3 h w"]) -> Tensor:
        """Whether each image's difference in levels is no longer than epsilon (l2)."""
        return length(levels) <= 255 * self.epsilon * (1 + 1e-6)


def length(change: Float[Tensor, "b 3 h w"]) -> Float[Tensor, "b 1 1 1"]:
    """The Euclidean length of each image's difference."""
    return change.flatten(1).norm(dim=1).view(-1, 1, 1, 1)


def epsilon_text(epsilon: float, norm: str = "linf") -> str:
    """A budget as the field writes it: 8/255, or the plain number where it is no whole number of levels; L2 2."""
    if norm == "l2":
        return f"L2 {epsilon:g}"
    levels = epsilon * 255
    return f"{round(levels)}/255" if abs(levels - round(levels)) < 1e-6 else f"{epsilon:g}"
