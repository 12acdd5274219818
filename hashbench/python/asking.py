"""What `hashbench.attack` gives an attack that only asks."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from hashbench.contracts.asking import QueryAttack
from hashbench.contracts.goal import Goal, Wanted
from hashbench.contracts.run import derive_seed
from hashbench.contracts.search import SearchEngine
from hashbench.contracts.split import Split
from hashbench.engine.stages.questions import Examples
from hashbench.errors import UserError
from hashbench.python.given import Labelled, References, as_images, labelled


def engine_for(attack: QueryAttack, known: References, limit: int) -> SearchEngine:
    """A search engine over the database's codes, where the answers are lists."""
    database = None if attack.answer == "code" else known.of("database").codes.cpu().numpy()
    return SearchEngine(known.hasher, attack.answer, limit, database)


def wanted_for(attack: QueryAttack, goal: Goal, known: References, found: Mapping[str, Labelled | None], seed: int) -> Wanted:
    """The goal with example images from the database. Raises UserError where it has none."""
    device = known.run.device
    nothing = Split("none", np.zeros((0, 3, 1, 1), np.uint8), np.zeros((0, 1), np.uint8), np.arange(0))
    if attack.away:
        return Examples(nothing, seed).wanted(goal, attack, device)
    given = found["database"]
    images, labels = (None, None) if given is None else labelled(given, "database")
    if images is None or labels is None or images.dim() != 4:
        raise UserError("this attack is shown images of its target: give database=(images, labels), or away=true.")
    pixels = (as_images(images) * 255).round().byte().cpu().numpy()
    split = Split("database", pixels, labels.cpu().numpy(), np.arange(len(pixels)))
    return Examples(split, derive_seed(seed, "examples")).wanted(goal, attack, device)
