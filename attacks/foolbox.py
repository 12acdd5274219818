"""Any attack of the library foolbox, turned on a hasher."""

from __future__ import annotations

import inspect
import warnings
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from hashbench.api import Attack, Budget, Goal, Run, State, UnknownName, UserError, Victim, option


class CodeScores(nn.Module):
    """A hasher as a classifier of two classes, away from the code and at the code: logits (-s, s), s = mean(f(x) h).

    The cross-entropy of class 0 rises with f(x) . h, so leaving class 0 is an attack towards the code.
    """

    def __init__(self, victim: Victim, codes: Tensor) -> None:
        super().__init__()
        self._victim = victim
        self._codes = codes

    def forward(self, images: Tensor) -> Tensor:
        if len(images) != len(self._codes):
            raise UserError("this attack of foolbox asks for parts of a batch, whose codes are unknown: give --batch-size 1.")
        score = (self._victim.relaxed(images) * self._codes).mean(dim=1)
        return torch.stack([-score, score], dim=1)


@dataclass(frozen=True)
class Foolbox(Attack):
    """An attack of the library foolbox, such as LinfPGD, steered to an aim's code (extra: hashbench[foolbox])

    Not expressed: attacks that want a target class, and budgets other than the run's. One that minimises its distance stops as
    soon as more bits agree with the code than do not. Most of foolbox asks tensors for their values while it runs, so it waits for
    a GPU at every step and does not run on `meta`. Random starts, and where Carlini and Wagner's stops, are by the whole batch.
    """

    paper: ClassVar[str] = "https://github.com/bethgelab/foolbox"
    aim: str = option("dhta", "the code to steer to")
    name: str = option("LinfPGD", "the class in foolbox.attacks")
    steps: int | None = option(None, "iterations, for an attack that has them; none: foolbox's own number")
    step_size: float | None = option(
        None, "length of a step in pixel values, for an attack that takes one; none: 1/255 in L-inf, foolbox's own in L2"
    )
    random_start: bool = option(False, "begin at a random image of the ball, for an attack that can")

    def perturb(
        self, victim: Victim, state: State, images: Tensor, goal: Goal, codes: Tensor | None, budget: Budget, run: Run
    ) -> Tensor:
        if codes is None:
            raise ValueError("foolbox needs an aim.")
        if budget.norm == "l2" and not self.name.startswith("L2"):
            raise UserError(f"foolbox's {self.name} is not for L2 budgets: name one of its attacks that begins with L2.")
        if budget.norm == "linf" and self.name.startswith(("L0", "L1", "L2")):
            raise UserError(f"foolbox's {self.name} measures another norm than L-inf: name another, or give one of L2 --norm l2.")
        foolbox = _library()
        model = foolbox.PyTorchModel(CodeScores(victim, codes).eval(), bounds=(0, 1), device=images.device)
        away = foolbox.criteria.Misclassification(torch.zeros(len(images), dtype=torch.long, device=images.device))
        _, (clipped,), _ = self._attack(foolbox, budget)(model, images.clone(), away, epsilons=[budget.epsilon])
        perturbed: Tensor = clipped.detach()
        return perturbed

    def _attack(self, foolbox: Any, budget: Budget) -> Any:
        known = {name: cls for name, cls in vars(foolbox.attacks).items() if inspect.isclass(cls)}
        if self.name not in known:
            raise UnknownName("attack of foolbox", self.name, known)
        takes = inspect.signature(known[self.name].__init__).parameters
        size = 1 / 255 if self.step_size is None and budget.norm == "linf" else self.step_size
        wanted = {"steps": self.steps, "abs_stepsize": size, "random_start": self.random_start}
        return known[self.name](**{key: value for key, value in wanted.items() if key in takes and value is not None})


def _library() -> Any:
    try:
        with warnings.catch_warnings():  # its imports use names that SciPy is about to drop
            warnings.simplefilter("ignore", DeprecationWarning)
            import foolbox
    except ImportError as error:
        raise UserError("the attack 'foolbox' needs its library: pip install 'hashbench[foolbox]'.") from error
    return foolbox
