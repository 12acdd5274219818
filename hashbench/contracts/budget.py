"""The threat model: which norm, how much, and the projection onto it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from torch import Tensor

from hashbench.contracts.goal import Goal
from hashbench.contracts.run import Run
from hashbench.errors import UserError
from hashbench.typing import Float


@dataclass(frozen=True)
class Budget:
    """How far an adversarial image may be from its query, in pixel values of [0, 1]."""

    epsilon: float = 8 / 255
    norm: Literal["linf"] = "linf"

    def __post_init__(self) -> None:
        if not 0 <= self.epsilon <= 1:
            raise UserError(f"epsilon is {self.epsilon:g}: give a value in (0, 1], such as 8/255.")

    @property
    def text(self) -> str:
        """epsilon as it is usually written: 8/255."""
        return epsilon_text(self.epsilon)

    @property
    def levels(self) -> int:
        """The largest change of an 8-bit pixel value inside the budget."""
        return int(255 * self.epsilon + 1e-6)

    def start(self, images: Float[Tensor, "b 3 h w"], goal: Goal, run: Run) -> Float[Tensor, "b 3 h w"]:
        """A uniform draw from the ball around each image, clipped to [0, 1]; one query's draw is its own."""
        noise = run.uniform(images, goal.indices)
        return (images + self.epsilon * (2 * noise - 1)).clamp(0, 1)

    def project(self, adversarial: Float[Tensor, "b 3 h w"], images: Float[Tensor, "b 3 h w"]) -> Float[Tensor, "b 3 h w"]:
        """The nearest images inside the ball and inside [0, 1]."""
        return (images + (adversarial - images).clamp(-self.epsilon, self.epsilon)).clamp(0, 1)


def epsilon_text(epsilon: float) -> str:
    """A budget as the field writes it: 8/255, or the plain number where it is no whole number of levels."""
    levels = epsilon * 255
    return f"{round(levels)}/255" if abs(levels - round(levels)) < 1e-6 else f"{epsilon:g}"
