"""APGD: projected gradient ascent whose step halves itself, image by image (Croce and Hein, ICML 2020)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Literal

import torch
from torch import Tensor

from hashbench.api import Attack, Budget, Goal, Run, State, Victim, option

MOMENTUM, RHO = 0.75, 0.75
ROUNDING = 1e-5
"""A gain below this share of the loss is none: it is rounding, which depends on the batch, and no progress of the attack."""
MARGIN = 0.5
"""A bit whose relaxed value is this far on the aim's side counts as settled (losses C and D)."""


def checkpoints(steps: int) -> Iterator[int]:
    """The numbers of steps after which the step size is looked at: windows of 22 % of the steps, each 3 % shorter, 6 % at least."""
    window, at = max(int(0.22 * steps), 1), 0
    while at + window <= steps:
        at += window
        yield at
        window = max(window - max(int(0.03 * steps), 1), max(int(0.06 * steps), 1))


def agreement(logits: Tensor, codes: Tensor, loss: str) -> Tensor:
    """(B,) how far logits u (B, K) agree with codes t (B, K), to be raised.

    A: mean of tanh(u) t. B: mean of u t, without a tanh that saturates. C: A over the bits that are not settled.
    D: mean of u t over those bits, divided by the mean of |u|: no scale of the logits changes it.
    """
    relaxed = torch.tanh(logits)
    if loss == "A":
        return (relaxed * codes).mean(1)
    if loss == "B":
        return (logits * codes).mean(1)
    open_bits = (relaxed * codes < MARGIN).to(logits.dtype)
    count = open_bits.sum(1).clamp_min(1)
    if loss == "C":
        return (relaxed * codes * open_bits).sum(1) / count + (1 - open_bits).mean(1)
    scale = logits.detach().abs().mean(1).clamp_min(1e-12)
    settled = (1 - open_bits).mean(1)
    return (logits * codes * open_bits).sum(1) / count / scale + settled


@dataclass(frozen=True)
class APGD(Attack):
    """Auto-PGD towards the aim's code: momentum, a step that halves itself, the best point kept (ICML 2020)"""

    paper: ClassVar[str] = "https://arxiv.org/abs/2003.01690"
    aim: str = option("mainstay", "the code to steer to: own, centre, mainstay, dhta, prototype, or another aim with its options")
    steps: int = option(100, "iterations of a start")
    starts: int = option(1, "random starts; the best point of all is kept")
    loss: Literal["A", "B", "C", "D"] = option(
        "A", "agreement with the code: of tanh(u) (A), of u (B), of the bits not yet settled (C), likewise without a scale (D)"
    )

    def __post_init__(self) -> None:
        if self.steps < 1 or self.starts < 1:
            raise ValueError(f"steps is {self.steps} and starts {self.starts}: give at least 1.")

    def perturb(
        self, victim: Victim, state: State, images: Tensor, goal: Goal, codes: Tensor | None, budget: Budget, run: Run
    ) -> Tensor:
        if codes is None:
            raise ValueError("APGD needs an aim.")
        looks = {*checkpoints(self.steps)}
        kept: dict[str, Tensor] = {}
        for step in run.resumable(self.starts * self.steps, kept=kept):
            within = step % self.steps
            if not kept or within == 0:
                noise = _noise(run, images, goal, step // self.steps)
                self._begin(kept, victim, images, noise, codes, budget)
            self._step(kept, victim, images, codes, budget, 1.0 if within == 0 else MOMENTUM)
            if within + 1 in looks:
                _look(kept, within + 1 - max((look for look in looks if look <= within), default=0))
        return kept["winner"]

    def _begin(self, kept: dict[str, Tensor], victim: Victim, images: Tensor, noise: Tensor, codes: Tensor, budget: Budget) -> None:
        """A start, and everything that is remembered for each image."""
        point = budget.project(images + budget.epsilon * noise, images)
        loss, gradient = self._evaluate(victim, point, codes)
        size = torch.full_like(loss, 2 * budget.epsilon)
        fresh = {"point": point, "before": point, "gradient": gradient, "loss": loss, "size": size}
        fresh |= {"best": point, "best_loss": loss, "best_gradient": gradient, "seen_loss": loss}
        fresh |= {"raised": torch.zeros_like(loss), "halved": torch.ones_like(loss)}
        winner = {name: kept.get(name, value) for name, value in (("winner", point), ("winner_loss", loss))}
        kept.update({name: value.clone() for name, value in (fresh | winner).items()})
        _keep_winner(kept)

    def _evaluate(self, victim: Victim, point: Tensor, codes: Tensor) -> tuple[Tensor, Tensor]:
        point = point.detach().requires_grad_(True)
        loss = agreement(victim.logits(point), codes, self.loss)
        (gradient,) = torch.autograd.grad(loss.sum(), point)
        return loss.detach(), gradient

    def _step(
        self, kept: dict[str, Tensor], victim: Victim, images: Tensor, codes: Tensor, budget: Budget, momentum: float
    ) -> None:
        point, moved = kept["point"], kept["point"] - kept["before"]
        ahead = budget.project(point + kept["size"].view(-1, 1, 1, 1) * kept["gradient"].sign(), images)
        following = budget.project(point + momentum * (ahead - point) + (1 - momentum) * moved, images)
        loss, gradient = self._evaluate(victim, following, codes)
        kept.update(before=point, point=following, gradient=gradient, raised=kept["raised"] + _more(loss, kept["loss"]), loss=loss)
        better = _more(loss, kept["best_loss"])
        for name, value in (("best", following), ("best_loss", loss), ("best_gradient", gradient)):
            kept[name] = _where(better, value, kept[name])
        _keep_winner(kept)


def _noise(run: Run, images: Tensor, goal: Goal, start: int) -> Tensor:
    """Uniform noise whose largest value is 1: it touches the surface of the ball. Every query and start has its own."""
    rows = [torch.rand(images.shape[1:], generator=run.query_generator(i, f"start{start}")) for i in goal.indices]
    noise = 2 * torch.stack(rows).to(images.device, non_blocking=True) - 1
    return noise / noise.flatten(1).abs().amax(1).view(-1, 1, 1, 1)


def _look(kept: dict[str, Tensor], window: int) -> None:
    """Halve the step of images whose loss rose in too few steps, or whose best has not moved at an unchanged step; they go on
    from their best point."""
    stuck = (kept["halved"] == 0) & (kept["best_loss"] <= kept["seen_loss"])
    halve = (kept["raised"] <= RHO * window) | stuck
    for name, best in (("point", "best"), ("gradient", "best_gradient")):
        kept[name] = _where(halve, kept[best], kept[name])
    kept["size"] = torch.where(halve, kept["size"] / 2, kept["size"])
    kept.update(halved=halve.to(kept["loss"].dtype), seen_loss=kept["best_loss"], raised=torch.zeros_like(kept["raised"]))


def _more(loss: Tensor, than: Tensor) -> Tensor:
    """(B,) bool: losses that are larger by more than rounding."""
    return loss > than + ROUNDING * (1 + than.abs())


def _keep_winner(kept: dict[str, Tensor]) -> None:
    """The best point of all starts."""
    better = _more(kept["best_loss"], kept["winner_loss"])
    kept["winner"] = _where(better, kept["best"], kept["winner"])
    kept["winner_loss"] = torch.where(better, kept["best_loss"], kept["winner_loss"])


def _where(mask: Tensor, one: Tensor, other: Tensor) -> Tensor:
    """By image."""
    return torch.where(mask.view(-1, *[1] * (one.dim() - 1)), one, other)
