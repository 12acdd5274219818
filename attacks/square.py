"""Square attack: random squares, kept where the code comes nearer (Andriushchenko et al., ECCV 2020)."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor

from hashbench.api import Attack, Budget, Goal, Run, State, UserError, Victim, by_image, option

_ENDS = (10, 50, 200, 500, 1000, 2000, 4000, 6000, 8000)
"""Of 10,000 queries, how many have been asked when the share of the image that a square covers is halved."""


def side_of(query: int, queries: int, share: float, size: int) -> int:
    """The side of the square that a query changes, in pixels."""
    halvings = bisect_right(_ENDS, query * 10_000 // queries - 1)
    return max(min(round((share / 2**halvings * size * size) ** 0.5), size - 1), 1)


@dataclass(frozen=True)
class Square(Attack):
    """Random search by squares of plus or minus epsilon that asks for codes only, within L-inf (ECCV 2020)"""

    paper: ClassVar[str] = "https://arxiv.org/abs/1912.00049"
    access: ClassVar = "codes"
    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {"quick": {"queries": 1000}}
    aim: str = option("mainstay", "the code to steer to: own, centre, mainstay, dhta, prototype, or another aim with its options")
    queries: int = option(5000, "codes asked for an image")
    share: float = option(0.8, "of the image that the first squares cover: 0.8 in AutoAttack, 0.05 in the paper")

    def __post_init__(self) -> None:
        if self.queries < 1:
            raise ValueError(f"queries is {self.queries}: give at least 1.")

    def perturb(
        self, victim: Victim, state: State, images: Tensor, goal: Goal, codes: Tensor | None, budget: Budget, run: Run
    ) -> Tensor:
        if codes is None:
            raise ValueError("square needs an aim.")
        if budget.norm != "linf":
            raise UserError("square is for L-inf budgets: leave --norm out.")
        count, channels, height, width = images.shape
        stripes = run.uniform(images.new_empty(count, channels, 1, width), goal.indices, "stripes")
        lots = run.uniform(images.new_empty(count, self.queries, 2 + channels), goal.indices, "squares")
        rows, columns = (torch.arange(side, device=images.device) for side in (height, width))
        kept: dict[str, Tensor] = {}
        for query in run.resumable(self.queries, kept=kept):
            if query == 0:
                point = budget.project(images + budget.epsilon * _sides(stripes), images)
                kept.update(point=point, agreement=(victim.codes(point) * codes).mean(1))
                continue
            side, draw = side_of(query, self.queries, self.share, min(height, width)), lots[:, query]
            top, left = ((draw[:, i, None] * (size - side + 1)).floor() for i, size in enumerate((height, width)))
            down, right = ((places >= corner) & (places < corner + side) for places, corner in ((rows, top), (columns, left)))
            square = (down[:, None, :, None] & right[:, None, None]).to(images.dtype)
            change = 2 * budget.epsilon * _sides(draw[:, 2:, None, None]) * square
            tried = budget.project(kept["point"] + change, images)
            agreement = (victim.codes(tried) * codes).mean(1)
            better = agreement > kept["agreement"]
            kept["point"] = by_image(better, tried, kept["point"])
            kept["agreement"] = torch.where(better, agreement, kept["agreement"])
        return kept["point"]


def _sides(lots: Tensor) -> Tensor:
    """-1 or 1 from uniform draws."""
    return torch.where(lots < 0.5, -1.0, 1.0).to(lots.dtype)
