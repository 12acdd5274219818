"""Fewer bits a value before a hasher: feature squeezing (Xu et al., NDSS 2018)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor, nn

from hashbench.api import option

from ..through import straight_through
from .filtering import Filtering


class BitsFilter(nn.Module):
    """Values rounded to `levels` steps of [0, 1]; the gradient goes straight through."""

    def __init__(self, levels: int) -> None:
        super().__init__()
        self.levels = levels

    def forward(self, images: Tensor) -> Tensor:
        return straight_through(images, (images * self.levels).round() / self.levels)


@dataclass(frozen=True)
class Bits(Filtering):
    """Images are hashed with fewer bits a value (feature squeezing, NDSS 2018)"""

    paper: ClassVar[str] = "https://arxiv.org/abs/1704.01155"
    depth: int = option(4, "bits a value, 1 to 8")

    def __post_init__(self) -> None:
        if not 1 <= self.depth <= 8:
            raise ValueError(f"depth is {self.depth}: give 1 to 8.")

    def filter(self) -> nn.Module:
        return BitsFilter(2**self.depth - 1)
