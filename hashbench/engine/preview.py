"""What a plan would do: which stages of each cell are in the store, which are to be made."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from hashbench.engine.aiming import aim_codes, fit_aim
from hashbench.engine.attacking import attack_queries, attacked_codes, fit_attack
from hashbench.engine.context import Context
from hashbench.engine.costs import Work, work_of
from hashbench.engine.plan import Cell, Plan
from hashbench.engine.sources import load_source
from hashbench.engine.store import Store
from hashbench.engine.targets import draw_targets
from hashbench.engine.victims import controls, train_hasher, train_trunk


class Missing(Exception):
    """A product that is not in the store, where nothing may be made."""


class ReadOnlyStore(Store):
    """A store that gives what it has and makes nothing."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.found: dict[Path, tuple[str, str]] = {}
        """Products that were asked for and are there: their stage and work."""

    def product(self, stage: str, key: Mapping[str, Any], make: Callable[[Path], float | None], work: str = "") -> Path:
        path = self.place(stage, key)
        if not self.sound(path):
            raise Missing(stage)
        self.found[path] = (stage, work)
        return path


def stages_of(context: Context, cell: Cell) -> dict[str, bool]:
    """Whether each stage of a cell is in the store, in the order they are made. `context` has a `ReadOnlyStore`."""
    choice, victim = cell.choice, cell.victim
    asked: dict[str, Callable[[], Any]] = {"pixels": lambda: load_source(context, victim.source)}
    if victim.imported is None:
        asked["trunk"] = lambda: train_trunk(context, victim)
    asked |= {"hasher, codes": lambda: train_hasher(context, victim), "targets": lambda: draw_targets(context, choice.targets)}
    aim = choice.aim
    if aim is not None:
        asked |= {"aim": lambda: fit_aim(context, choice.victim, aim), "aim codes": lambda: aim_codes(context, choice, aim)}
    images = cache(lambda: attack_queries(context, choice))
    asked |= {
        "fitted attack": lambda: fit_attack(context, choice),
        "images": images,
        "their codes": lambda: attacked_codes(context, choice, images(), victim),
        "controls": lambda: controls(context, victim, draw_targets(context, choice.targets).queries),
    }
    return {name: _is_there(ask) for name, ask in asked.items()}


def left_work(plan: Plan, store: ReadOnlyStore) -> list[Work]:
    """The timed work of a plan that its cells did not find in the store."""
    found = Counter(store.found.values())
    left = []
    for work in work_of(plan):
        if found[work.stage, work.name]:
            found[work.stage, work.name] -= 1
        else:
            left.append(work)
    return left


def _is_there(ask: Callable[[], Any]) -> bool:
    try:
        ask()
    except Missing:
        return False
    return True
