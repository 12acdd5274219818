"""The result of an attack's or an aim's `fit`, with the seconds it took."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from torch import Tensor

from hashbench.contracts.attack import State
from hashbench.engine.machine.tensors import FILE, load_facts, load_tensors, save_product
from hashbench.engine.stages.stage import Given
from hashbench.errors import ContractError


@dataclass(frozen=True)
class Fitted:
    """Tensors on the machine's device, and seconds."""

    state: State
    seconds: float
    questions: int = 0
    """Asked of a search engine."""


def save_fit(draft: Path, state: object, seconds: float, questions: int = 0) -> None:
    """Raises ContractError unless the state is a dict of tensors."""
    if not isinstance(state, dict) or not all(isinstance(value, Tensor) for value in state.values()):
        raise ContractError("fit must return a dict of tensors.")
    save_product(draft, state, {"fit_seconds": seconds, "fit_questions": questions})


def read_fit(folder: Path, given: Given) -> Fitted:
    """A result that `save_fit` kept."""
    facts = load_facts(folder)
    seconds, questions = float(str(facts["fit_seconds"])), int(str(facts["fit_questions"]))
    return Fitted(load_tensors(folder / FILE, given.machine.device), seconds, questions)
