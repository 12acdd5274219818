"""PGD with the losses, momenta and input transforms of the field, any of which combine."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import torch
from torch import Tensor

from hashbench.api import Budget, FittedAim, Iterative, Memory, Run, Split, Task, UnknownName, Victim, option

from .losses import LOSSES
from .momentum import ELSEWHERE, MOMENTUM, Step
from .transforms import MIXED, TRANSFORMS, smooth

_TRANSFER = {"start": "image", "steps": 10, "step_size": 1.6 / 255, "rule": "sign", "momentum": "mi", "expects": 16 / 255}
"""Ten steps of a tenth of 16/255, with momentum: what the transfer attacks are compared at."""

_SAAT = {"steps": 100, "step_size": 1 / 255, "rule": "sign", "anneal": "tenths"}


@dataclass(frozen=True)
class PGD(Iterative):
    """Projected gradient descent towards the aim's code; losses, momentum and input transforms combine (ICLR 2018)

    Presets `mi`, `ni`, `vmi`, `pgn`, `di`, `ti`, `si`, `admix`, `bsr`: the transfer attacks of these names, at 16/255 and 10 steps.
    Preset `saat`: SAAT's own attack (TIFS 2023) away from the query's mainstay code; `saat-targeted`: towards the target's.
    """

    paper: ClassVar[str] = "https://arxiv.org/abs/1706.06083"
    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "quick": {"steps": 50},
        **{name: {**_TRANSFER, "momentum": name} for name in MOMENTUM},
        **{name: {**_TRANSFER, "transforms": name} for name in ("di", "ti", "si", "bsr")},
        "admix": {**_TRANSFER, "transforms": "admix+si"},
        "saat": {**_SAAT, "aim": "mainstay[away=true]", "loss": "saat"},
        "saat-targeted": {**_SAAT, "aim": "mainstay", "loss": "saat-targeted"},
    }
    aim: str = option("mainstay", "the code to steer to: own, centre, mainstay, dhta, prototype, or another aim with its options")
    step_size: float | None = option(None, "length of a step, in the norm of the rule; none: 2.5 epsilon / steps")
    rule: Literal["sign", "l2", "raw", "norm"] = option(
        "norm", "step along the gradient's sign, the L2-normalised or the raw gradient, or as the budget's norm has it steepest"
    )
    start: Literal["image", "uniform"] = option("uniform", "begin at the query, or at a uniform draw from the ball around it")
    loss: Literal["A", "B", "C", "D", "saat", "saat-targeted"] = option(
        "A",
        "agreement with the code: of tanh(u) (A), of u (B), of tanh(u) up to a margin (C), of u likewise without scale (D); SAAT's",
    )
    momentum: Literal["none", "mi", "ni", "vmi", "pgn"] = option("none", "what a step follows: the gradient, or a velocity")
    decay: float = option(1.0, "share of the velocity that stays from step to step")
    transforms: str = option(
        "", "of the image before its gradient is taken, joined by +: di, si, admix, bsr; ti smooths the gradient"
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in self._named:
            if name not in (*TRANSFORMS, "ti"):
                raise UnknownName("transform", name, (*TRANSFORMS, "ti"))
        if self.momentum in ELSEWHERE and self._remembers:
            raise ValueError(f"momentum {self.momentum} takes no loss at the point: leave keep and starts out.")
        if self.loss.startswith("saat") and self._remembers:
            raise ValueError(f"loss {self.loss} leaves settled bits out, so that it ranks no points: leave keep and starts out.")

    @property
    def views(self) -> int:
        return self.samples * self._copies

    @property
    def _copies(self) -> int:
        return math.prod(TRANSFORMS[name].copies for name in self._named if name != "ti")

    def fit(self, victim: Victim, data: Split, aim: FittedAim | None, budget: Budget, run: Run) -> dict[str, Tensor]:
        """Training images for Admix, where it is asked for."""
        if "admix" not in self._named:
            return {}
        rows = torch.randperm(len(data), generator=run.generator)[:MIXED]
        return {"mixed": data.images(rows.numpy(), run.device)}

    def distance(self, logits: Tensor, codes: Tensor) -> Tensor:
        return LOSSES[self.loss](logits, codes)

    def size(self, budget: Budget) -> float:
        return 2.5 * budget.epsilon / self.steps if self.step_size is None else self.step_size

    def transform(self, images: Tensor, task: Task, step: int, view: int) -> Tensor:
        sample, left = divmod(view, self._copies)
        for name in self._named:
            if name != "ti":
                left, copy = divmod(left, TRANSFORMS[name].copies)
                draw = f"view{view}" if TRANSFORMS[name].copies == 1 else f"sample{sample} copy{copy}"
                images = TRANSFORMS[name].apply(images, task, copy, f"step{step} {draw}")
        return images

    def gradient(self, kept: Memory, task: Task, step: int) -> tuple[Tensor, Tensor]:
        def slope(point: Tensor, first: int) -> tuple[Tensor, Tensor]:
            loss, gradient = self.evaluate(task, point, step, first)
            return loss, smooth(gradient) if "ti" in self._named else gradient

        if self.momentum == "none":
            return slope(kept["point"], 0)
        size = self.size(task.budget)
        if self.rule == "l2" or (self.rule == "norm" and task.budget.norm == "l2"):
            size /= task.images[0].numel() ** 0.5  # the length of an image's step; momentum looks ahead by as much in every value
        return MOMENTUM[self.momentum](Step(kept, task, slope, step, size, self.decay, self.views))

    @property
    def _named(self) -> list[str]:
        return [name for name in self.transforms.split("+") if name]
