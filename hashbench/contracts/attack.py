"""The contracts of an attack and of the code it steers to."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor

from hashbench.contracts.budget import Budget
from hashbench.contracts.goal import Goal
from hashbench.contracts.plugin import Plugin
from hashbench.contracts.run import Run
from hashbench.contracts.split import Split
from hashbench.contracts.victim import Access, Victim
from hashbench.typing import Float

State = Mapping[str, Tensor]


class Aim(Plugin, ABC):
    """The code that an attack steers to. Fitted once for a hasher, shared by attacks, scored as a row of its own."""

    @property
    def targeted(self) -> bool:
        """Whether the code stands for the goal's target labels."""
        return True

    def fit(self, victim: Victim, data: Split, run: Run) -> dict[str, Tensor]:
        """Learn once, as tensors, the state that `codes` needs; nothing by default."""
        return {}

    @abstractmethod
    def codes(
        self, victim: Victim, state: State, images: Float[Tensor, "b 3 h w"], goal: Goal, run: Run
    ) -> Float[Tensor, "b bits"]:
        """A code in {-1, +1} for every query."""


@dataclass(frozen=True)
class FittedAim:
    """An aim with what its `fit` returned, as `Attack.fit` gets it."""

    aim: Aim
    state: State

    def codes(self, victim: Victim, images: Float[Tensor, "b 3 h w"], goal: Goal, run: Run) -> Float[Tensor, "b bits"]:
        return self.aim.codes(victim, self.state, images, goal, run)


class Attack(Plugin, ABC):
    """Changes queries a little so that other images come back.

    An attack that takes an aim has a field `aim` with the aim's name as its default.
    """

    access: ClassVar[Access] = "gradients"
    """What it may ask of the victim: gradients, codes, codes with labels, or none; one that only asks: its kind of answer."""
    targeted: ClassVar[bool | None] = None
    """True or False where it can only be one; None where it is both, or follows its aim."""

    def resolve(self, dataset: str) -> Attack:
        """The attack with options that depend on the data set filled in. Called before anything is keyed."""
        return self

    def remark(self, budget: Budget) -> str:
        """A sentence for a flag where this budget does not fit the attack's options; empty by default."""
        return ""

    def fit(self, victim: Victim, data: Split, aim: FittedAim | None, budget: Budget, run: Run) -> dict[str, Tensor]:
        """Learn once, as tensors, the state that `perturb` needs (generators, universal perturbations); nothing by default."""
        return {}

    def shortened(self) -> Attack:
        """The same with little work, for a batch that is attacked before the timed ones; all of it by default."""
        return self

    @abstractmethod
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
        """Adversarial images in [0, 1], detached. `codes` are the aim's, the very ones that are scored; None without an aim."""


def is_targeted(attack: Attack, aim: Aim | None) -> bool | None:
    """Whether it steers to target labels: by its own word, or else by its aim's. None where neither says."""
    return attack.targeted if attack.targeted is not None or aim is None else aim.targeted


def aim_of(attack: Attack) -> str | None:
    """The aim an attack is set to, as text, or None."""
    aim: str | None = getattr(attack, "aim", None)
    return aim
