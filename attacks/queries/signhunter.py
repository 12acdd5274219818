"""SignHunter: the signs of the gradient, found by flipping ever smaller blocks (Al-Dujaili and O'Reilly, ICLR 2020)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import ClassVar

import torch
from torch import Tensor

from hashbench.api import Asking, Hunt, Memory, by_image


@cache
def blocks(size: int) -> list[tuple[int, int]]:
    """First and last value of each block that is flipped, level by level: the whole, its halves, ... single values."""
    found = []
    for level in range(max(size - 1, 1).bit_length() + 1):
        length = -(-size // 2**level)
        found += [(start, min(start + length, size)) for start in range(0, size, length)]
    return found


def flipped(signs: Tensor, step: int) -> Tensor:
    """Signs (B, 3, h, w) with the block of a step, counted from 1, turned round; after the last it begins again."""
    plan, flat = blocks(signs[0].numel()), signs.flatten(1).clone()
    first, last = plan[(step - 1) % len(plan)]
    flat[:, first:last].neg_()
    return flat.view_as(signs)


@dataclass(frozen=True)
class SignHunter(Asking):
    """Flips the signs of blocks of values, from the whole image to single ones, and keeps what does no harm (ICLR 2020)"""

    paper: ClassVar[str] = "https://openreview.net/forum?id=SygW0TEFwH"

    def begin(self, kept: Memory, hunt: Hunt) -> None:
        point = hunt.budget.project(hunt.images + hunt.budget.epsilon, hunt.images)
        kept.update(point=point, score=hunt.quest(point), signs=torch.ones_like(hunt.images))

    def step(self, kept: Memory, hunt: Hunt, step: int) -> None:
        signs = flipped(kept["signs"], step)
        tried = hunt.budget.project(hunt.images + hunt.budget.epsilon * signs, hunt.images)
        score = hunt.quest(tried)
        keeps = (score >= kept["score"]) & (score > -torch.inf)  # a tie keeps the flip, as in the released attack
        for name, new in (("point", tried), ("signs", signs)):
            kept[name] = by_image(keeps, new, kept[name])
        kept["score"] = torch.where(keeps, score, kept["score"])
