"""autohash: a fixed set of attacks without parameters, of which the strongest image of each query counts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

import torch
from torch import Tensor

from hashbench.api import (
    Agreement,
    Aim,
    Asking,
    Attack,
    Budget,
    Candidate,
    Descent,
    Ensemble,
    FittedAim,
    Goal,
    Hunt,
    Judge,
    Run,
    Split,
    State,
    Task,
    Victim,
    by_image,
    derive_seed,
    option,
)

from .aims.closed import CentreCode, MainstayCode
from .aims.own import Own
from .aims.prototype import THACode
from .apgd import APGD
from .prefixed import part
from .queries.square import Square
from .sdha import SDHA

_TARGETED: Mapping[str, Aim] = {
    "tha": THACode(steps=600, hidden=512, rate=1e-3),
    "mainstay": MainstayCode(),
    "centre": CentreCode(),
}
_UNTARGETED: Mapping[str, Aim] = {"centre": CentreCode(away=True), "mainstay": MainstayCode(away=True), "own": Own()}
_RANDOM = "random"


@dataclass(frozen=True)
class Sizes:
    """How much of everything a version is."""

    steps: int = 100
    """Of APGD with loss A, and of SDHA."""
    starts: int = 5
    short: int = 20
    """Steps of each start of the other losses."""
    then: int = 50
    """Steps from the best point of these starts."""
    samples: int = 20
    """Gradients a step takes the mean of where the hasher is random."""
    queries: int = 1000


VERSION_1 = Sizes()


@dataclass(frozen=True)
class Autohash(Ensemble):
    """The strongest of APGD (three aims, three losses, restarts), SDHA and Square for each query: no parameters but the budget

    Version 1, targeted: (1) APGD, 100 steps of loss A, to THA's code, the mainstay and the centre code; SDHA, 100 steps; (2) to the
    best of the three codes by query, APGD with losses C and D: five random starts of 20 steps, then 50 steps from the best point;
    (3) Square with 1,000 answers of codes to the same. Untargeted: away from the centre, mainstay and own code, and SDHA's form of
    that. Queries that reach the oracle's code are left alone. Gradients are means of 20 where two clean forwards differ.

    The image kept is the evaluator's worst case: it is chosen by the protocol's own average precision, which no attacker knows.
    `t_map_choice` (`map_attacked_choice`) beside it is the attacker's own choice: the image whose code is nearest to its aim.
    """

    version: Literal[1] = option(1, "what it consists of: results of different versions are not comparable")
    away: bool = option(False, "untargeted: the query's own likes are ranked as low as can be")

    @property
    def targeted(self) -> bool:  # type: ignore[override]
        return not self.away

    def fit(self, victim: Victim, data: Split, aim: FittedAim | None, budget: Budget, run: Run) -> dict[str, Tensor]:
        """What its aims and SDHA learn, and whether the hasher is random."""
        state: dict[str, Tensor] = {}
        for name, one in self._aims.items():
            state |= {f"{name}/{key}": value for key, value in one.fit(victim, data, run.below(name)).items()}
        state |= self._sdha.fit(victim, data, None, budget, run)
        images = data.images(torch.arange(min(8, len(data))).numpy(), run.device)
        if not torch.equal(victim.logits(images), victim.logits(images)):
            state[_RANDOM] = torch.ones(1)
        return state

    def strongest(self, victim: Victim, state: State, images: Tensor, goal: Goal, budget: Budget, run: Run, judge: Judge) -> Tensor:
        task = Task(victim, state, images, goal, victim.codes(images), budget, run)
        members, sizes = _Members(task, judge), VERSION_1
        samples = sizes.samples if _RANDOM in state else 1
        for name, aim in self._aims.items():
            codes = aim.codes(victim, part(state, f"{name}/"), images, goal, run)
            members.add(f"apgd-A-{name}", APGD(steps=sizes.steps, samples=samples), codes)
        best = members.codes
        members.add("sdha", replace(self._sdha, steps=sizes.steps, samples=samples), best)
        for loss in ("C", "D"):
            first = APGD(loss=loss, steps=sizes.short, starts=sizes.starts, samples=samples)
            members.add(f"apgd-{loss}", first, best, replace(first, steps=sizes.then, starts=1))
        if budget.norm == "linf":
            members.add("square", Square(queries=sizes.queries, examples=1), best)
        return members.strongest

    @property
    def _sdha(self) -> SDHA:
        return SDHA() if self.away else SDHA(towards=True, aim="neighbours")

    @property
    def _aims(self) -> Mapping[str, Aim]:
        return _UNTARGETED if self.away else _TARGETED


class _Members:
    """A batch on its way through the attacks: rows that nothing stronger can be hoped for keep their image."""

    def __init__(self, task: Task, judge: Judge) -> None:
        self.task, self.judge = task, judge
        self.strongest, self.codes = task.images, task.codes
        """The strongest images so far, and the codes they were steered to."""
        self._strength = task.images.new_full((len(task.images),), -torch.inf)

    def add(self, name: str, attack: Attack, codes: Tensor, then: Descent | None = None) -> None:
        """Have the unsettled rows attacked and judged; `then`: an attack that goes on from the first one's images."""
        rows = self.judge.unsettled()
        made = self.strongest
        if rows:
            task = replace(self.task, codes=codes)
            some = task if len(rows) == len(codes) else task.of(rows)
            made = self._attacked(some, name, attack, then)
            if some is not task:
                made = self.strongest.index_copy(0, torch.tensor(rows, device=made.device), made)
        strength = self.judge.strength(Candidate(name, made, codes))
        stronger = strength > self._strength
        self.strongest = by_image(stronger, made, self.strongest)
        self.codes = by_image(stronger, codes, self.codes)
        self._strength = torch.maximum(strength, self._strength)

    def _attacked(self, task: Task, name: str, attack: Attack, then: Descent | None) -> Tensor:
        victim, state, budget = task.victim, task.state, task.budget
        run = _own(task.run, name, victim)
        if isinstance(attack, Asking):
            return attack.search(Hunt(Agreement(victim, task.codes), state, task.images, task.goal.indices, budget, run))
        made = attack.perturb(victim, state, task.images, task.goal, task.codes, budget, run)
        if then is None:
            return made
        return then.descend(replace(task, origin=made, run=_own(task.run, f"{name} then", victim)))


def _own(run: Run, name: str, victim: Victim) -> Run:
    """A member's: its starts are no other's."""
    return replace(run.below(name, victim=victim), seed=derive_seed(run.seed, name))
