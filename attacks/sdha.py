"""SDHA: away from all images like the query, not from one code (ICMR 2021)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import torch
from torch import Tensor

from hashbench.api import Budget, Descent, FittedAim, Memory, Run, Split, Task, Victim, option, tenths

from .adam import adam
from .bank import bank_of, relevant

WEIGHT = 25.0


@dataclass(frozen=True)
class SDHA(Descent):
    """Smooth distance to the codes of all training images like the query, by Adam on pixels (ICMR 2021)

    With f the relaxed code, r a relevant code and s the sigmoid, lowered is MSE(x', x) less 25/K times the mean over r of
    d_H(f, r)^-0.5 (sum .5 |f - r| s(5 f r) + sum (1 - s(5 f r))), the sums over bits. Preset `targeted`: towards images like the
    target, plus 25/K times the mean of d_H^0.3 (.5 sum |f - r| s(-10 f r)). The weights d_H are held constant; alpha rises by
    tenths. A query without a relevant training image keeps its place.
    """

    paper: ClassVar[str] = "https://doi.org/10.1145/3460426.3463640"
    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "quick": {"steps": 50},
        "targeted": {"towards": True, "aim": "neighbours"},
    }
    aim: str = option("neighbours[away=true]", "the code it is compared with, its goal in closed form; it steers to many codes")
    rate: float = option(0.01, "Adam's rate on pixel values")
    towards: bool = option(False, "towards images like the target, instead of away from those like the query")

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.towards == ("away=true" in self.aim):
            raise ValueError("towards=true is for an aim towards the target: give preset=targeted, or both.")

    def fit(self, victim: Victim, data: Split, aim: FittedAim | None, budget: Budget, run: Run) -> dict[str, Tensor]:
        return bank_of(victim)

    def begin(self, kept: Memory, task: Task, start: int) -> None:
        kept["point"] = task.images.clone()

    def step(self, kept: Memory, task: Task, step: int) -> None:
        _, gradient = self.evaluate(task, kept["point"], step)
        change = adam(kept, gradient, step, self.rate)
        kept["point"] = task.budget.project(kept["point"] - change, task.images)

    def descend(self, task: Task) -> Tensor:
        """The loop, with how many training images of each code every image is to be like, or unlike."""
        counts = relevant(task.state, task.goal.target_labels if self.towards else task.goal.query_labels)
        return super().descend(replace(task, state={**task.state, "counts": counts}))

    def objective(self, task: Task, images: Tensor, step: int, view: int) -> Tensor:
        relaxed = torch.tanh(tenths(step, self.steps) * task.victim.logits(images))
        counts = task.state["counts"]
        apart = surrogate(relaxed, task.state["bank.codes"], self.towards)
        mean = (apart * counts).sum(1) / counts.sum(1).clamp_min(1)
        sign = 1 if self.towards else -1
        return (images - task.images).square().flatten(1).mean(1) + sign * WEIGHT / relaxed.shape[1] * mean


def surrogate(relaxed: Tensor, bank: Tensor, towards: bool) -> Tensor:
    """(B, n) weighted smooth distances of relaxed codes (B, K) from bank codes (n, K)."""
    product = relaxed[:, None] * bank[None]
    hamming = ((bank.shape[1] - product.sum(2)) / 2).detach().clamp_min(1e-6)
    gap = 1 - product  # |f - r| for r in {-1, +1} and f within [-1, 1]
    if towards:
        return hamming**0.3 * 0.5 * (gap * torch.sigmoid(-10 * product)).sum(2)
    near = torch.sigmoid(5 * product)
    return hamming.clamp_min(1) ** -0.5 * (0.5 * gap * near + (1 - near)).sum(2)
