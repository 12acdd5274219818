"""What a class must be a subclass of to be a plugin of a kind."""

from __future__ import annotations

from typing import Any

from hashbench.contracts.attack import Aim, Attack
from hashbench.contracts.benchmark import Benchmark
from hashbench.contracts.hasher import Backbone, HashingMethod
from hashbench.contracts.plugin import Plugin
from hashbench.contracts.report import Report
from hashbench.data.dataset import Dataset
from hashbench.errors import UserError
from hashbench.plugins import registry
from hashbench.plugins.configure import dataclass_of

BASES: dict[str, type[Plugin]] = {
    "attacks": Attack,
    "aims": Aim,
    "hashers": HashingMethod,
    "backbones": Backbone,
    "datasets": Dataset,
    "benchmarks": Benchmark,
    "reports": Report,
}


def kinds_of(loaded: object) -> list[str]:
    """The kinds that a class is of."""
    return [kind for kind, base in BASES.items() if isinstance(loaded, type) and issubclass(loaded, base)]


def class_of(kind: str, name: str) -> Any:
    """The class of a plugin. Raises UserError where it is of another kind, or no dataclass."""
    own = kinds_of(registry.load(kind, name))
    if kind not in own:
        what = f"is one of the {own[0]}" if own else "is no plugin"
        raise UserError(f"{name} {what}, and stands where one of the {kind} does: give a subclass of {BASES[kind].__name__}.")
    return dataclass_of(kind, name)
