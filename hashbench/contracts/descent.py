"""The loop of an attack that follows gradients: starts x steps on a memory of tensors by image."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from hashbench.contracts.attack import Attack, State
from hashbench.contracts.budget import Budget
from hashbench.contracts.goal import Goal
from hashbench.contracts.plugin import option
from hashbench.contracts.run import Run
from hashbench.contracts.victim import Victim
from hashbench.typing import Float

_FEW = 3
"""Steps of a start of an attack that is only tried: all of them run the same kernels."""

Memory = dict[str, Tensor]
"""What is remembered of each image from step to step, (B, ...): `point`, and whatever a step needs."""


@dataclass(frozen=True)
class Task:
    """One call of `perturb`: the arguments of the contract, with the codes that are steered to."""

    victim: Victim
    state: State
    images: Float[Tensor, "b 3 h w"]
    goal: Goal
    codes: Float[Tensor, "b bits"]
    budget: Budget
    run: Run
    origin: Float[Tensor, "b 3 h w"] | None = None
    """Where the first start begins; None: where the attack's options say."""

    def of(self, rows: Sequence[int]) -> Task:
        """The task of some rows of the batch."""
        at = torch.tensor(rows, device=self.images.device)
        goal = Goal(self.goal.query_labels[at], self.goal.target_labels[at], tuple(self.goal.indices[row] for row in rows))
        origin = None if self.origin is None else self.origin[at]
        return replace(self, images=self.images[at], goal=goal, codes=self.codes[at], origin=origin)


@dataclass(frozen=True)
class Descent(Attack):
    """Lowers a loss of each image, step by step. `begin`, `step` and `result` work on a memory that a killed run takes up again."""

    aim: str = option("dhta", "the code to steer to: own, centre, mainstay, dhta, prototype, or another aim with its options")
    steps: int = option(100, "iterations of a start")
    samples: int = option(1, "gradients a step takes the mean of: for hashers that are random, expectation over transformations")

    def __post_init__(self) -> None:
        self.at_least_one("steps", "samples")

    def at_least_one(self, *names: str) -> None:
        """Raise ValueError for an option of these that is below 1."""
        for name in names:
            if getattr(self, name) < 1:
                raise ValueError(f"{name} is {getattr(self, name)}: give at least 1.")

    @property
    def rounds(self) -> int:
        """How many times the steps are run from a start of their own."""
        return 1

    @property
    def views(self) -> int:
        """Gradients a step takes the mean of."""
        return self.samples

    def shortened(self) -> Descent:
        return replace(self, steps=min(self.steps, _FEW))

    def perturb(
        self,
        victim: Victim,
        state: State,
        images: Float[Tensor, "b 3 h w"],
        goal: Goal,
        codes: Float[Tensor, "b bits"] | None,
        budget: Budget,
        run: Run,
    ) -> Float[Tensor, "b 3 h w"]:
        if codes is None:
            raise ValueError(f"{type(self).__name__} needs an aim.")
        return self.descend(Task(victim, state, images, goal, codes, budget, run))

    def descend(self, task: Task) -> Float[Tensor, "b 3 h w"]:
        """The whole loop."""
        kept: Memory = {}
        for done in task.run.resumable(self.rounds * self.steps, kept=kept):
            start, step = divmod(done, self.steps)
            if step == 0:
                self.begin(kept, task, start)
            self.step(kept, task, step)
            if step == self.steps - 1:
                self.end(kept, task, step)
        return self.result(kept, task)

    @abstractmethod
    def begin(self, kept: Memory, task: Task, start: int) -> None:
        """Set `point`, where a start begins, and forget what belongs to the start before."""

    @abstractmethod
    def step(self, kept: Memory, task: Task, step: int) -> None:
        """One iteration."""

    def end(self, kept: Memory, task: Task, step: int) -> None:
        """After the last step of a start; nothing here."""

    def result(self, kept: Memory, task: Task) -> Float[Tensor, "b 3 h w"]:
        """The images that are returned."""
        return kept["point"]

    def evaluate(self, task: Task, point: Float[Tensor, "b 3 h w"], step: int, first: int = 0) -> tuple[Tensor, Tensor]:
        """(B,) losses and (B, 3, h, w) their gradients, each the mean over views, which are numbered from `first`."""
        losses: list[Tensor] = []
        gradients: list[Tensor] = []
        for view in range(first, first + self.views):
            leaf = point.detach().requires_grad_(True)
            loss = self.objective(task, leaf, step, view)
            losses.append(loss.detach())
            gradients += torch.autograd.grad(loss.sum(), leaf)
        if len(losses) == 1:
            return losses[0], gradients[0]
        return torch.stack(losses).mean(0), torch.stack(gradients).mean(0)

    def objective(self, task: Task, images: Float[Tensor, "b 3 h w"], step: int, view: int) -> Float[Tensor, " b"]:
        """What each image lowers: the distance of its logits from the code."""
        return self.distance(task.victim.logits(images), task.codes)

    def distance(self, logits: Float[Tensor, "b bits"], codes: Float[Tensor, "b bits"]) -> Float[Tensor, " b"]:
        """-(1/K) f . h for each image, f = tanh of the logits (DHTA, eq. 8): no image's gradient depends on its batch."""
        return -(torch.tanh(logits) * codes).mean(dim=1)


def remember(kept: Memory, point: Float[Tensor, "b 3 h w"], loss: Float[Tensor, " b"]) -> None:
    """Keep each image's point where its loss is the least so far, as `best` and `best_loss`."""
    if "best" not in kept:
        kept.update(best=point.clone(), best_loss=loss)
        return
    better = loss < kept["best_loss"]
    kept["best"] = by_image(better, point, kept["best"])
    kept["best_loss"] = torch.where(better, loss, kept["best_loss"])


def by_image(mask: Tensor, one: Tensor, other: Tensor) -> Tensor:
    """`one` for images whose mask (B,) is set, `other` for the others."""
    return torch.where(mask.view(-1, *[1] * (one.dim() - 1)), one, other)
