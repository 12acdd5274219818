"""SimBA: one coordinate at a time, of pixels or of the cosine transform (Guo et al., ICML 2019)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar, Literal

import torch
from torch import Tensor

from hashbench.api import Asking, Hunt, Memory, option

from .keeping import keep_better

_LOW, _STRIDE = 14, 7


def cosines(size: int, device: torch.device) -> Tensor:
    """(size, size) rows of the orthonormal DCT-II."""
    place = torch.arange(size, device=device, dtype=torch.float32)
    rows = torch.cos(math.pi / size * (place[None] + 0.5) * place[:, None]) * math.sqrt(2 / size)
    return torch.where(place[:, None] == 0, rows / math.sqrt(2), rows)


@dataclass(frozen=True)
class SimBA(Asking):
    """Tries a step back and forth along one pixel or cosine after another, low frequencies first (ICML 2019)"""

    paper: ClassVar[str] = "https://arxiv.org/abs/1905.07121"
    basis: Literal["pixel", "dct"] = option("dct", "of single values, or of the cosine transform")
    length: float | None = option(
        None, "of a step, in pixel values over the whole image; none: 0.2, or more where no value would move by a level"
    )

    def begin(self, kept: Memory, hunt: Hunt) -> None:
        images = hunt.images
        height, width = images.shape[2:]
        order = hunt.run.uniform(images, hunt.indices, "order")
        if self.basis == "dct":
            rows, columns = (torch.arange(side, device=images.device) for side in (height, width))
            highest = torch.maximum(rows[:, None], columns[None])
            order = order + ((highest - _LOW + _STRIDE) // _STRIDE).clamp_min(0)
        kept.update(point=images.clone(), score=hunt.quest(images), order=order.flatten(1).argsort(1))

    def step(self, kept: Memory, hunt: Hunt, step: int) -> None:
        along = self._size(hunt.images) * self._direction(kept["order"][:, (step - 1) % kept["order"].shape[1]], hunt.images)
        point = kept["point"]
        better = keep_better(kept, hunt, hunt.budget.project(point - along, hunt.images))
        keep_better(kept, hunt, hunt.budget.project(point + along, hunt.images), ~better)

    def _size(self, images: Tensor) -> float:
        """A cosine of length 1 has values up to 2 / sqrt(h w): by 0.2 none moves by a level where images are larger than 102 px."""
        if self.length is not None:
            return self.length
        height, width = images.shape[2:]
        return max(0.2, math.sqrt(height * width) / 2 / 255 if self.basis == "dct" else 0.0)

    def _direction(self, places: Tensor, images: Tensor) -> Tensor:
        """Unit vectors (B, 3, h, w) of coordinates (B,), numbered as the values of an image."""
        _, channels, height, width = images.shape
        channel, row, column = places // (height * width), places // width % height, places % width
        down, across = (
            cosines(side, images.device) if self.basis == "dct" else torch.eye(side, device=images.device)
            for side in (height, width)
        )
        colours = torch.eye(channels, device=images.device)[channel]
        return colours[:, :, None, None] * down[row][:, None, :, None] * across[column][:, None, None]
