"""A small search engine, and one on the meta device, that attacks which only ask are tried on."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from hashbench.contracts.asking import QueryAttack
from hashbench.contracts.goal import Goal, Wanted
from hashbench.contracts.hasher import Hasher, sign
from hashbench.contracts.search import SHOWN, Answers, Search, SearchEngine
from hashbench.contracts.split import Split


def small_engine(
    hasher: Hasher, split: Split, attack: QueryAttack, limit: int | None = None, readings: Sequence[int] = ()
) -> SearchEngine:
    """One whose database is `split`."""
    device = next(hasher.parameters()).device
    with torch.no_grad():
        database = sign(hasher(split.images(np.arange(len(split)), device))).cpu().numpy()
    return SearchEngine(hasher, attack.answer, attack.queries if limit is None else limit, database, readings)


def wanted_of(goal: Goal, split: Split, attack: QueryAttack, device: torch.device) -> Wanted:
    """The goal without labels: the first images of `split` that have the target's, as many as the attack holds."""
    if attack.away:
        return Wanted(goal.indices, ())
    rows = [(split.labels == target.cpu()).all(1).nonzero()[: attack.examples, 0] for target in goal.target_labels]
    return Wanted(goal.indices, tuple(split.images(of.numpy(), device) for of in rows))


class FarEngine(SearchEngine):
    """Answers without values, as the meta device has them: nothing an attack makes of them can wait for one."""

    def __init__(self, hasher: Hasher, attack: QueryAttack) -> None:
        super().__init__(hasher, attack.answer, max(attack.queries, attack.fit_queries))
        self.view = FarSearch(self)

    def ask(self, images: Tensor, queries: Sequence[int]) -> Answers:
        self.asked.update(queries)
        if self.answer == "code":
            return Answers(images.new_empty(len(images), self.bits))
        lists = images.new_empty(len(images), SHOWN[self.answer], dtype=torch.int64)
        return Answers(ids=lists, distances=lists if self.answer == "distances" else None)


class FarSearch(Search):
    """The view of it."""

    def rows(self, mask: Tensor) -> list[int]:
        return list(range(len(mask)))
