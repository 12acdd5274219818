"""An attack with the view it works on: gradients, an ensemble's judge, or a search engine's answers."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from hashbench.contracts.asking import QueryAttack
from hashbench.contracts.attack import Attack, State
from hashbench.contracts.budget import Budget
from hashbench.contracts.goal import Goal
from hashbench.contracts.run import Run
from hashbench.contracts.search import SearchEngine
from hashbench.contracts.victim import Victim
from hashbench.engine.machine.precision import rounding
from hashbench.engine.stages.attack import AttackStage
from hashbench.engine.stages.enforce import enforce
from hashbench.engine.stages.judging import Evaluation
from hashbench.engine.stages.questions import Examples, search_engine
from hashbench.engine.stages.stage import Given
from hashbench.engine.stages.targets import TargetsStage
from hashbench.engine.stages.victim import victim_of
from hashbench.protocols.protocol import Protocol


@dataclass(frozen=True)
class Batch:
    """Queries, what they should be taken for, and the codes that the aim steers to."""

    images: Tensor
    goal: Goal
    codes: Tensor | None
    start: int
    """Its first query's place among all."""

    @property
    def first(self) -> Batch:
        """Its first query alone."""
        return Batch(self.images[:1], self.goal.first, None if self.codes is None else self.codes[:1], self.start)


class Attacker:
    """An attack at work on batches. It works on copies, so that it can't change what it is measured by."""

    warms_up = True
    """Whether a batch is attacked untimed first."""

    def __init__(self, given: Given, stage: AttackStage, attack: Attack | None = None) -> None:
        self.given, self.stage, self.attack = given, stage, attack or stage.attack.plugin
        self.state: State = given.get(stage).state
        self.meter = self.metered()
        """Counts forwards and backwards."""

    def metered(self) -> Victim | SearchEngine:
        return victim_of(self.given, self.stage.source, self.attack.access, self.stage.precision, self.stage.compiling)

    @property
    def view(self) -> Victim:
        """What the attack gets."""
        return self.meter if isinstance(self.meter, Victim) else self.meter.view

    def asked(self, batch: Batch) -> Batch:
        """The batch as the attack may see it."""
        return batch

    def images(self, batch: Batch, budget: Budget, run: Run, attack: Attack | None = None) -> Tensor:
        """What the contract's `perturb` returns."""
        batch = self.asked(batch)
        codes = None if batch.codes is None else batch.codes.clone()
        with rounding(self.stage.precision):
            return (attack or self.attack).perturb(self.view, self.state, batch.images.clone(), batch.goal, codes, budget, run)

    def made(self, batch: Batch, budget: Budget, run: Run) -> tuple[Tensor, dict[str, Tensor]]:
        """The images of a batch, and what else was seen: codes by name, (B, ...)."""
        return self.images(batch, budget, run), {}

    def tried(self, batch: Batch, budget: Budget, run: Run) -> Tensor:
        """What it makes of a batch beside its work, for its books stay as they are."""
        return self.images(batch, budget, run)

    def warmed_up(self, batch: Batch, budget: Budget, run: Run) -> Tensor:
        """What it makes of a batch beside its work, with little of it."""
        return self.images(batch, budget, run, self.attack.shortened())


class JudgedAttacker(Attacker):
    """An ensemble, whose strongest images the evaluator chooses; long enough without a warm-up."""

    warms_up = False

    def __init__(self, given: Given, stage: AttackStage, judged: Evaluation) -> None:
        super().__init__(given, stage)
        self.judged = judged

    def made(self, batch: Batch, budget: Budget, run: Run) -> tuple[Tensor, dict[str, Tensor]]:
        with rounding(self.stage.precision):
            return self.judged.strongest(self.view, self.state, batch.images.clone(), batch.goal, batch.start, run)


class AskingAttacker(Attacker):
    """An attack that only asks, before a search engine that keeps books; its warm-up asks another one, and little."""

    def __init__(self, given: Given, stage: AttackStage, attack: QueryAttack, protocol: Protocol) -> None:
        self.asking, self.protocol = attack, protocol
        self.examples = Examples.of(given, stage.source)
        super().__init__(given, stage, attack)

    def metered(self) -> SearchEngine:
        self.engine = search_engine(
            self.given, self.stage.source, self.stage.precision, self.asking, self.asking.queries, self.protocol.readings
        )
        return self.engine

    def asked(self, batch: Batch) -> Batch:
        goal = self.examples.wanted(batch.goal, self.asking, batch.images.device)
        return Batch(batch.images, goal, None, batch.start)

    def made(self, batch: Batch, budget: Budget, run: Run) -> tuple[Tensor, dict[str, Tensor]]:
        perturbed, queries = self.images(batch, budget, run), batch.goal.indices
        probe = victim_of(self.given, self.stage.source, "codes")
        seen = {"questions": torch.tensor([self.engine.asked[query] for query in queries])}
        for reading in self.protocol.readings:
            if reading <= self.asking.queries:
                then = self.engine.at(reading, batch.images, perturbed, queries)
                scored = enforce(then, batch.images, budget, self.protocol)
                codes = probe.codes(scored.float() / 255 if scored.dtype == torch.uint8 else scored)
                seen[f"reading/{reading}"] = codes.to(torch.int8)
        return perturbed, seen

    def tried(self, batch: Batch, budget: Budget, run: Run) -> Tensor:
        return AskingAttacker(self.given, self.stage, self.asking.shortened(), self.protocol).images(batch, budget, run)

    def warmed_up(self, batch: Batch, budget: Budget, run: Run) -> Tensor:
        return self.tried(batch, budget, run)


def attacker_of(given: Given, stage: AttackStage, targets: TargetsStage, probe: Victim) -> Attacker:
    """The attack of a stage, ready for batches of its targets' queries."""
    judged = Evaluation.of(given, stage, targets, probe)
    if judged is not None:
        return JudgedAttacker(given, stage, judged)
    if isinstance(stage.attack.plugin, QueryAttack):
        return AskingAttacker(given, stage, stage.attack.plugin, targets.protocol)
    return Attacker(given, stage)
