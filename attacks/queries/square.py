"""Square attack: random squares, kept where the answer is better (Andriushchenko et al., ECCV 2020)."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from hashbench.api import Asking, Hunt, Memory, option

from .keeping import keep_better

_ENDS = (10, 50, 200, 500, 1000, 2000, 4000, 6000, 8000)
"""Of 10,000 queries, how many have been asked when the share of the image that a square covers is halved."""


def side_of(query: int, queries: int, share: float, size: int) -> int:
    """The side of the square that a query changes, in pixels."""
    halvings = bisect_right(_ENDS, query * 10_000 // queries - 1)
    return max(min(round((share / 2**halvings * size * size) ** 0.5), size - 1), 1)


@dataclass(frozen=True)
class Square(Asking):
    """Random search by squares of plus or minus epsilon, within L-inf (ECCV 2020)"""

    paper: ClassVar[str] = "https://arxiv.org/abs/1912.00049"
    share: float = option(0.8, "of the image that the first squares cover: 0.8 in AutoAttack, 0.05 in the paper")

    def begin(self, kept: Memory, hunt: Hunt) -> None:
        images = hunt.images
        count, channels, _, width = images.shape
        stripes = hunt.run.uniform(images.new_empty(count, channels, 1, width), hunt.indices, "stripes")
        point = hunt.budget.project(images + hunt.budget.epsilon * _sides(stripes), images)
        lots = hunt.run.uniform(images.new_empty(count, self.queries, 2 + channels), hunt.indices, "squares")
        kept.update(point=point, score=hunt.quest(point), lots=lots)

    def step(self, kept: Memory, hunt: Hunt, step: int) -> None:
        images, draw = hunt.images, kept["lots"][:, step]
        height, width = images.shape[2:]
        rows, columns = (torch.arange(side, device=images.device) for side in (height, width))
        side = side_of(step, self.queries, self.share, min(height, width))
        top, left = ((draw[:, i, None] * (size - side + 1)).floor() for i, size in enumerate((height, width)))
        down, right = ((places >= corner) & (places < corner + side) for places, corner in ((rows, top), (columns, left)))
        square = (down[:, None, :, None] & right[:, None, None]).to(images.dtype)
        change = 2 * hunt.budget.epsilon * _sides(draw[:, 2:, None, None]) * square
        keep_better(kept, hunt, hunt.budget.project(kept["point"] + change, images))


def _sides(lots: Tensor) -> Tensor:
    """-1 or 1 from uniform draws."""
    return torch.where(lots < 0.5, -1.0, 1.0).to(lots.dtype)
