"""Fitted attack: what an attack learns before it sees a query."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

from hashbench.contracts.asking import QueryAttack
from hashbench.contracts.attack import Attack
from hashbench.contracts.budget import Budget
from hashbench.contracts.run import Precision, Run, derive_seed
from hashbench.contracts.split import Unlabelled
from hashbench.contracts.victim import Victim
from hashbench.engine.choices import Chosen
from hashbench.engine.machine.precision import rounding
from hashbench.engine.stages.aim import AimStage
from hashbench.engine.stages.codes import CodesStage
from hashbench.engine.stages.fitted import Fitted, read_fit, save_fit
from hashbench.engine.stages.hasher import HasherStage
from hashbench.engine.stages.questions import search_engine
from hashbench.engine.stages.stage import LOWERING, Given, Stage, in_precision, said_precision
from hashbench.engine.stages.victim import victim_of
from hashbench.errors import UserError
from hashbench.typing import Facts


@dataclass(frozen=True)
class AttackStage(Stage[Fitted]):
    """An attack on a hasher, with its aim and its budget."""

    name: ClassVar[str] = "fitted-attack"
    code: ClassVar[tuple[str, ...]] = (
        *("contracts.budget", "contracts.run", "contracts.split", "contracts.victim", "engine.stages.attack"),
        *("contracts.search", "engine.machine.seeds", "engine.stages.questions", "engine.stages.victim", *LOWERING),
    )
    source: HasherStage
    attack: Chosen[Attack]
    aim: AimStage | None
    budget: Budget
    precision: Precision = "fp32"
    compiling: bool = False
    """Whether it sees the hasher's network compiled."""

    def needs(self) -> Mapping[str, Stage[object]]:
        needs: dict[str, Stage[object]] = {"hasher": self.source, "codes": CodesStage(self.source), "pixels": self.source.pixels}
        return needs if self.aim is None else needs | {"aim": self.aim}

    def depends(self) -> Facts:
        return {
            "attack": self.attack.key,
            "budget": [self.budget.norm, self.budget.epsilon],
            "seed": self.seed,
            **in_precision(self.precision),
            **({"compiled": True} if self.compiling else {}),
        }

    @property
    def seed(self) -> int:
        return derive_seed("fit attack", *self.names)

    @property
    def names(self) -> tuple[object, ...]:
        """The names that the attack's randomness is seeded by."""
        return (self.source.seed_of_run, self.source.pixels.source.said, self.source.said, self.attack.said)

    @property
    def work(self) -> str:
        compiled = ", compiled" if self.compiling else ""
        return f"{self.attack.work} against {self.source.work}{said_precision(self.precision)}{compiled}"

    def make(self, draft: Path, given: Given, run: Run) -> None:
        data, plugin = given.get(self.source.pixels).split("train"), self.attack.plugin
        if plugin.access == "gradients" and not self.source.differentiable:
            raise UserError(
                f"{self.attack.text} needs gradients, and {self.source.label} has none: attack it without, or transfer to it."
            )
        aim = None if self.aim is None else self.aim.fitted(given)
        run, engine = replace(run, precision=self.precision), None
        if isinstance(plugin, QueryAttack):
            engine, data = search_engine(given, self.source, self.precision, plugin, plugin.fit_queries), Unlabelled(data)
            view: Victim = engine.view
        else:
            view = victim_of(given, self.source, plugin.access, self.precision, self.compiling)
        with rounding(self.precision):
            state, seconds = given.machine.timed(lambda: plugin.fit(view, data, aim, self.budget, run))
        save_fit(draft, state, run.spent + seconds, 0 if engine is None else engine.asked.total())

    def read(self, folder: Path, given: Given) -> Fitted:
        return read_fit(folder, given)
