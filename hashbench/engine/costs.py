"""What a plan costs: the work its cells share, and how long such work took before in a store."""

from __future__ import annotations

import json
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from hashbench.engine.plan import Plan

Rates = Mapping[tuple[str, str], float]
"""(stage, plugin) -> seconds."""
STAGES = ("trunk", "hasher", "fitted attack", "images")


@dataclass(frozen=True)
class Work:
    """One product that some cells of a plan need."""

    stage: str
    plugin: str
    identity: object


def work_of(plan: Plan) -> list[Work]:
    """Every product of a plan that takes time, each once."""
    work: dict[Work, None] = {}
    for cell in plan.cells:
        choice = cell.choice
        for victim in (choice.victim, cell.victim):
            work[Work("trunk", _name(victim.backbone.text), (victim.source, victim.backbone, victim.seed))] = None
            work[Work("hasher", _name(victim.method.text), victim)] = None
        work[Work("fitted attack", _name(choice.attack.text), (choice.victim, choice.attack, choice.aim, choice.budget))] = None
        work[Work("images", _name(choice.attack.text), choice)] = None
    return sorted(work, key=lambda item: STAGES.index(item.stage))


def measured_rates(store: Path) -> Rates:
    """Median seconds of each kind of work over the products in a store."""
    seen: dict[tuple[str, str], list[float]] = {}
    for stage in ("trunk", "hasher", "attack", "images"):
        for file in (store / stage).glob("*/made.json"):
            made = json.loads(file.read_text(encoding="utf-8"))
            name = "fitted attack" if stage == "attack" else stage
            seen.setdefault((name, made["plugin"]), []).append(made["seconds"])
    return {key: statistics.median(values) for key, values in seen.items()}


def estimate(work: Sequence[Work], rates: Rates) -> tuple[float, list[tuple[str, str]]]:
    """Seconds of all work by the rates, and the kinds of work that have none."""
    kinds = [(item.stage, item.plugin) for item in work]
    return sum(rates.get(kind, 0.0) for kind in kinds), sorted({kind for kind in kinds if kind not in rates})


def _name(text: str) -> str:
    return text.partition("[")[0]
