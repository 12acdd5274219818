"""A surrogate trained on answers, attacked with gradients: a knock-off network (Orekondy et al., CVPR 2019)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor

from hashbench.api import Budget, FittedAim, Goal, QueryAttack, Run, Split, State, Victim, Wanted, option

from .surrogate import Surrogate, learned, wanted


@dataclass(frozen=True)
class Knockoff(QueryAttack):
    """Trains a surrogate on answers, then follows its gradients: no question is asked about the query itself (CVPR 2019)"""

    paper: ClassVar[str] = "https://arxiv.org/abs/1812.02766"
    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {"quick": {"queries": 1000, "training_queries": 500, "epochs": 10}}
    training_queries: int = option(2000, "questions that the surrogate is trained on, for all queries together")
    epochs: int = option(30, "passes over their answers")
    descent: int = option(40, "steps along the surrogate's gradient, of a pixel value's 1/255 each, with momentum 1")

    @property
    def fit_queries(self) -> int:
        return self.training_queries

    def fit(self, victim: Victim, data: Split, aim: FittedAim | None, budget: Budget, run: Run) -> dict[str, Tensor]:
        return learned(victim, data, self.answer, self.training_queries, self.epochs, run)

    def perturb(
        self, victim: Victim, state: State, images: Tensor, goal: Goal, codes: Tensor | None, budget: Budget, run: Run
    ) -> Tensor:
        assert isinstance(goal, Wanted)
        net = Surrogate.of(state)
        towards = wanted(net, images, goal.examples)
        point, speed = images.clone(), torch.zeros_like(images)
        for _ in range(self.descent):
            leaf = point.requires_grad_(True)
            (gradient,) = torch.autograd.grad((net(leaf) * towards).sum(), leaf)
            speed = speed + gradient / gradient.abs().mean((1, 2, 3), keepdim=True).clamp_min(1e-12)
            point = budget.project(leaf.detach() + speed.sign() / 255, images)
        return point
