"""The search engine that an attack asks, and the example images it is given."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from hashbench.contracts.asking import QueryAttack
from hashbench.contracts.goal import Goal, Wanted
from hashbench.contracts.run import Precision, derive_seed
from hashbench.contracts.search import SearchEngine
from hashbench.contracts.split import Split, to_images
from hashbench.engine.machine.lowering import lowered
from hashbench.engine.stages.codes import CodesStage
from hashbench.engine.stages.hasher import HasherStage
from hashbench.engine.stages.stage import Given
from hashbench.errors import UserError


def search_engine(
    given: Given, stage: HasherStage, precision: Precision, attack: QueryAttack, limit: int, readings: Sequence[int] = ()
) -> SearchEngine:
    """One that answers as the attack's options say, its network in a precision."""
    database = None
    if attack.answer != "code":
        database = given.get(CodesStage(stage))[given.get(stage.pixels).data.rows["database"]]
    return SearchEngine(lowered(given.get(stage).hasher, precision), attack.answer, limit, database, readings)


@dataclass(frozen=True)
class Examples:
    """Draws database images that have exactly the target's labels: the same for every attack and hasher of a seed."""

    database: Split
    seed: int

    @classmethod
    def of(cls, given: Given, stage: HasherStage) -> Examples:
        data = given.get(stage.pixels)
        return cls(data.split("database"), derive_seed(stage.seed_of_run, "examples", stage.pixels.source.said))

    def wanted(self, goal: Goal, attack: QueryAttack, device: torch.device) -> Wanted:
        """The goal without labels. Raises UserError where the database has no example of a target."""
        if attack.away:
            return Wanted(goal.indices, ())
        each = zip(goal.indices, goal.target_labels.cpu(), strict=True)
        return Wanted(goal.indices, tuple(self._drawn(query, target, attack.examples, device) for query, target in each))

    def _drawn(self, query: int, target: Tensor, count: int, device: torch.device) -> Tensor:
        rows = (self.database.labels == target).all(1).nonzero()[:, 0]
        if not len(rows):
            raise UserError(f"query {query}: no database image has exactly its target's labels, so there is no example of it.")
        generator = torch.Generator().manual_seed(derive_seed(self.seed, query))
        odd = min(count, len(rows) - 1 + len(rows) % 2)
        chosen: np.ndarray = rows[torch.randperm(len(rows), generator=generator)[:odd]].numpy()
        return to_images(self.database.pixels(chosen), device)
