"""PTA: raise the average precision itself, made smooth (ACM MM 2023)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal

import torch
from torch import Tensor

from hashbench.api import Budget, FittedAim, Iterative, Run, Split, Task, Victim, option

from .bank import bank_of, relevant
from .published import ONE_START


@dataclass(frozen=True)
class PTA(Iterative):
    """Smooth average precision over sampled codes of the target and of others, raised by sign steps (ACM MM 2023)

    Ranks are sums of sigmoids of differences of Hamming distances, of which K bits are 1 to the temperature's 0.1.
    """

    paper: ClassVar[str] = "https://doi.org/10.1145/3581783.3612364"
    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "published": {
            **ONE_START,
            "aim": "centre",
            "steps": 20,
            "step_size": None,
            "rule": "sign",
            "start": "image",
            "anneal": "none",
            "members": 75,
            "temperature": 0.1,
        }
    }
    aim: str = option("centre", "the code it is compared with; it steers to a ranking")
    steps: int = option(20, "iterations of a start")
    step_size: float | None = option(None, "length of a step in pixel values; none: epsilon / steps")
    rule: Literal["sign", "l2", "raw", "norm"] = option(
        "norm", "step along the gradient's sign, the L2-normalised or the raw gradient, or as the budget's norm has it steepest"
    )
    members: int = option(75, "codes drawn of the target, and as many of others, from the training split with replacement")
    temperature: float = option(0.1, "of the sigmoid")

    def fit(self, victim: Victim, data: Split, aim: FittedAim | None, budget: Budget, run: Run) -> dict[str, Tensor]:
        return bank_of(victim)

    def size(self, budget: Budget) -> float:
        return budget.epsilon / self.steps if self.step_size is None else self.step_size

    def descend(self, task: Task) -> Tensor:
        """The loop, with the codes (B, members, K) that each image is ranked among, the same at every step."""
        counts = relevant(task.state, task.goal.target_labels)
        some = {"like": counts, "unlike": (counts == 0) * task.state["bank.counts"]}
        like = task.images.new_empty(len(task.images), self.members)
        lots = {name: task.run.uniform(like, task.goal.indices, name) for name in some}
        chosen = {name: task.state["bank.codes"][drawn(weights, lots[name])] for name, weights in some.items()}
        return super().descend(replace(task, state={**task.state, **chosen}))

    def objective(self, task: Task, images: Tensor, step: int, view: int) -> Tensor:
        relaxed = torch.tanh(self.alpha(step) * task.victim.logits(images))
        like, unlike = (distances(relaxed, task.state[name]) for name in ("like", "unlike"))
        return -smooth_ap(like, unlike, self.temperature)


def distances(relaxed: Tensor, codes: Tensor) -> Tensor:
    """(B, m) distances, 0 to 1, of relaxed codes (B, K) from codes of their own (B, m, K)."""
    return (1 - torch.einsum("bk,bmk->bm", relaxed, codes) / relaxed.shape[1]) / 2


def drawn(weights: Tensor, lots: Tensor) -> Tensor:
    """(B, m) rows, each as likely as its weight (B, n), from uniform draws (B, m); a row of no weight at all draws the first."""
    total = weights.cumsum(1)
    return torch.searchsorted(total, lots * total[:, -1:]).clamp_max(weights.shape[1] - 1)


def smooth_ap(like: Tensor, unlike: Tensor, temperature: float) -> Tensor:
    """(B,) Smooth-AP (ECCV 2020) from distances (B, m) of relevant codes and of others."""
    among = torch.sigmoid((like[:, :, None] - like[:, None]) / temperature).sum(2) - 0.5
    before = torch.sigmoid((like[:, :, None] - unlike[:, None]) / temperature).sum(2)
    return ((1 + among) / (1 + among + before)).mean(1)
