"""Attacks that only ask, and a template of theirs: steps while there are questions left."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal

from torch import Tensor

from hashbench.contracts.attack import Attack, State
from hashbench.contracts.budget import Budget
from hashbench.contracts.descent import Memory
from hashbench.contracts.goal import Goal, Wanted
from hashbench.contracts.plugin import option
from hashbench.contracts.quest import Asked, Quest
from hashbench.contracts.run import Run
from hashbench.contracts.search import Search
from hashbench.contracts.victim import Access, Victim
from hashbench.errors import ContractError, UserError
from hashbench.typing import Float

_FEW = 80
"""Questions of an attack that is only tried, beside those it begins with."""


@dataclass(frozen=True)
class Hunt:
    """One call of `perturb`: the quest, and the arguments of the contract."""

    quest: Quest
    state: State
    images: Float[Tensor, "b 3 h w"]
    indices: tuple[int, ...]
    budget: Budget
    run: Run
    examples: tuple[Float[Tensor, "_ 3 h w"], ...] = ()
    """Of each query, images of what it should be taken for; none where it is led away."""


@dataclass(frozen=True)
class QueryAttack(Attack):
    """Asks a search engine: `victim` is a `Search` for it, and `goal` a `Wanted`, with examples for labels."""

    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {"quick": {"queries": 1000}}
    answer: Literal["code", "distances", "ids"] = option(
        "code", "what the search engine gives away: the code; the first 1,000 ids with their distances; the first 50 ids"
    )
    away: bool = option(False, "untargeted: away from the query's own answer, without examples")
    examples: int = option(9, "images of the target that the attacker holds (odd): 1 or 9")
    queries: int = option(10_000, "questions that may be asked for an image, its own answer and those of the examples included")

    def __post_init__(self) -> None:
        if self.examples < 1 or self.examples % 2 == 0:
            raise ValueError(f"examples is {self.examples}: give an odd number, so that no bit of a majority is a tie.")
        if self.queries < self.least:
            raise ValueError(f"queries is {self.queries}: give at least {self.least}, one beside those that it begins with.")

    @property
    def access(self) -> Access:  # type: ignore[override]
        return f"query-{self.answer}"  # type: ignore[return-value]

    @property
    def least(self) -> int:
        """Questions that it begins with, and one."""
        return 2 if self.away else self.examples + 2

    def shortened(self) -> QueryAttack:
        """The same with few questions, to be tried."""
        return replace(self, queries=min(self.queries, self.least + _FEW))

    @property
    def fit_queries(self) -> int:
        """Questions that `fit` may ask, of whatever images."""
        return 0

    @property
    def targeted(self) -> bool:  # type: ignore[override]
        return not self.away


@dataclass(frozen=True)
class Asking(QueryAttack):
    """Learns from answers step by step. `begin` and `step` work on a memory that a killed run takes up again."""

    @property
    def cost(self) -> int:
        """Questions without which a query can take no step."""
        return 1

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
        if not isinstance(victim, Search) or not isinstance(goal, Wanted):
            raise ContractError(f"{type(self).__name__} asks a search engine, and was given a {type(victim).__name__}.")
        quest = Asked(victim, self.answer, images, goal)
        return self.search(Hunt(quest, state, images, goal.indices, budget, run, goal.examples))

    def search(self, hunt: Hunt) -> Float[Tensor, "b 3 h w"]:
        """The whole loop."""
        if hunt.budget.norm != "linf":
            raise UserError(f"{type(self).__name__.lower()} is for L-inf budgets: leave --norm out.")
        kept: Memory = {}
        left = hunt.run.resumable(min(self.queries, self.queries // self.cost + 1), kept=kept)
        for step in hunt.run.track(left, f"at least {self.cost} question{'s' * (self.cost > 1)} a step", len(left)):
            if step == 0:
                self.begin(kept, hunt)
            else:
                self.step(kept, hunt, step)
            hunt.quest.offer(kept["point"])
            if hunt.quest.over(self.cost):
                break
        return kept["point"]

    @abstractmethod
    def begin(self, kept: Memory, hunt: Hunt) -> None:
        """Set `point`, the image that would be returned, and whatever a step needs."""

    @abstractmethod
    def step(self, kept: Memory, hunt: Hunt, step: int) -> None:
        """One step, which asks."""
