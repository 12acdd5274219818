"""Gradients estimated from differences of scores, and the step along their sign."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor

from hashbench.api import Asking, Hunt, Memory, option


@dataclass(frozen=True)
class Differences(Asking):
    """Asks on both sides of the image along random directions, and steps along the sign of what it finds.

    Codes and ranks move only where a bit flips, so that small differences are 0: probes go as far as epsilon, and directions can be
    drawn on a coarse grid.
    """

    pairs: int = option(15, "directions a step, each asked on both sides")
    sigma: float | None = option(None, "how far probes go, in pixel values; none: epsilon")
    rate: float | None = option(None, "length of a step, in pixel values; none: a fifth of epsilon")
    momentum: float = option(0.9, "of the gradients of earlier steps that is added to a step's own")
    grid: int = option(16, "side of the grid that directions are drawn on and blown up from; 0: every value for itself")

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.pairs < 1:
            raise ValueError(f"pairs is {self.pairs}: give at least 1.")
        if not 0 <= self.momentum < 1:
            raise ValueError(f"momentum is {self.momentum:g}: give at least 0 and less than 1.")
        if self.grid < 0:
            raise ValueError(f"grid is {self.grid}: give 0 or more.")

    @property
    def cost(self) -> int:
        return 2 * self.pairs

    @abstractmethod
    def direction(self, like: Tensor, hunt: Hunt, purpose: str) -> Tensor:
        """Random values shaped like `like`, a query's its own."""

    def begin(self, kept: Memory, hunt: Hunt) -> None:
        kept.update(point=hunt.images.clone(), gradient=torch.zeros_like(hunt.images))

    def step(self, kept: Memory, hunt: Hunt, step: int) -> None:
        asking = hunt.quest.affords(self.cost)
        sigma = hunt.budget.epsilon if self.sigma is None else self.sigma
        gradient = self.momentum * kept["gradient"]
        for pair in range(self.pairs):
            along = on_grid(hunt.images, self.grid, partial(self.direction, hunt=hunt, purpose=f"{step} {pair}"))
            found = difference(hunt, kept["point"] + sigma * along, kept["point"] - sigma * along, asking)
            gradient = gradient + found.view(-1, 1, 1, 1) * along
        rate = hunt.budget.epsilon / 5 if self.rate is None else self.rate
        kept["gradient"] = gradient
        change = gradient.sign() * asking.view(-1, 1, 1, 1)
        kept["point"] = hunt.budget.project(kept["point"] + rate * change, hunt.images)


def difference(hunt: Hunt, one: Tensor, other: Tensor, asking: Tensor) -> Tensor:
    """(B,) by how much more one image scores than the other, by two questions; 0 for those that do not ask."""
    return torch.where(asking, hunt.quest(one, asking) - hunt.quest(other, asking), 0).to(one.dtype)


def blown(coarse: Tensor, images: Tensor) -> Tensor:
    """A grid (B, 3, grid, grid) at the images' size."""
    return F.interpolate(coarse, size=list(images.shape[2:]), mode="nearest")


def on_grid(images: Tensor, grid: int, drawn: Callable[[Tensor], Tensor]) -> Tensor:
    """What `drawn` makes of a tensor, of the images' shape or of a grid that is blown up to it."""
    if not grid:
        return drawn(images)
    return blown(drawn(images[:, :, :1, :1].expand(-1, -1, grid, grid)), images)
