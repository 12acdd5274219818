"""Resizing before a hasher, and back or to a random place (Xie et al., ICLR 2018)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from hashbench.api import option

from .filtering import Filtering


class ResizeFilter(nn.Module):
    """Shrunk and brought back, bilinear with antialiasing; or, `drawn`, shrunk to a random side and put in a random place."""

    def __init__(self, scale: float, drawn: bool) -> None:
        super().__init__()
        self.scale, self.drawn = scale, drawn

    def forward(self, images: Tensor) -> Tensor:
        sides = images.shape[-2:]
        if not self.drawn:
            small = _resized(images, [max(round(self.scale * side), 1) for side in sides])
            return _resized(small, sides)
        return torch.cat([_placed(image[None], self.scale) for image in images])


def _placed(image: Tensor, scale: float) -> Tensor:
    """An image (1, 3, h, w) at a random size in a random place: drawn one after another, whatever the batch."""
    sides = image.shape[-2:]
    share = scale + (1 - scale) * float(torch.rand(()))
    small = _resized(image, [max(round(share * side), 1) for side in sides])
    height, width = small.shape[-2:]
    above, left = int(torch.randint(0, sides[0] - height + 1, ())), int(torch.randint(0, sides[1] - width + 1, ()))
    return F.pad(small, (left, sides[1] - width - left, above, sides[0] - height - above))


def _resized(images: Tensor, sides: Sequence[int]) -> Tensor:
    return F.interpolate(images, list(sides), mode="bilinear", antialias=True).clamp(0, 1)


@dataclass(frozen=True)
class Resize(Filtering):
    """Images are hashed after they were shrunk and brought back, or put into a random place at a random size (ICLR 2018)

    With `random=true` a hasher gives other codes each time: attack it with `samples=20`, expectation over transformations.
    """

    paper: ClassVar[str] = "https://arxiv.org/abs/1711.01991"
    scale: float = option(0.75, "the side that is shrunk to, as a share of the image's; the least one with random=true")
    random: bool = option(False, "a side and a place drawn for each image, the rest black")

    def __post_init__(self) -> None:
        if not 0 < self.scale <= 1:
            raise ValueError(f"scale is {self.scale:g}: give more than 0, and at most 1.")

    def filter(self) -> nn.Module:
        return ResizeFilter(self.scale, self.random)
