"""The contract of an attack that is several: of each query the strongest image is kept, and the evaluator says which."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from torch import Tensor

from hashbench.contracts.attack import Attack, State
from hashbench.contracts.budget import Budget
from hashbench.contracts.goal import Goal
from hashbench.contracts.hasher import sign
from hashbench.contracts.run import Run
from hashbench.contracts.victim import Victim
from hashbench.typing import Float


@dataclass(frozen=True)
class Candidate:
    """What one member of an ensemble made of a batch."""

    name: str
    images: Float[Tensor, "b 3 h w"]
    codes: Float[Tensor, "b bits"]
    """The codes that it steered to."""


@runtime_checkable
class Judge(Protocol):
    """Who says how strong an image is, and which queries nothing stronger can be hoped for."""

    def strength(self, candidate: Candidate) -> Float[Tensor, " b"]:
        """Larger is stronger; comparable between the candidates of a query. Called once a candidate."""
        ...

    def unsettled(self) -> tuple[int, ...]:
        """Rows of the batch whose strongest image so far is below the ceiling."""
        ...


class Ensemble(Attack):
    """Several attacks in turn: `strongest` keeps what a judge says is strongest; `perturb` is the attacker's own choice."""

    @abstractmethod
    def strongest(
        self, victim: Victim, state: State, images: Float[Tensor, "b 3 h w"], goal: Goal, budget: Budget, run: Run, judge: Judge
    ) -> Float[Tensor, "b 3 h w"]:
        """The strongest image of each query, by the judge, who is shown what every member made."""

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
        return self.strongest(victim, state, images, goal, budget, run, Attacker(victim, len(images)))


class Attacker:
    """The judge that the attacker is to itself: the share of bits that agree with the code steered to."""

    def __init__(self, victim: Victim, count: int) -> None:
        self._victim, self._count = victim, count

    def strength(self, candidate: Candidate) -> Float[Tensor, " b"]:
        return nearness(self._victim.codes(candidate.images), candidate.codes)

    def unsettled(self) -> tuple[int, ...]:
        return tuple(range(self._count))


def nearness(codes: Float[Tensor, "b bits"], aimed: Float[Tensor, "b bits"]) -> Float[Tensor, " b"]:
    """The share of bits of codes that are those aimed at."""
    return (sign(codes) == aimed).to(aimed.dtype).mean(1)
