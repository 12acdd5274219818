"""What happens on a worker: one stage made into the shared store, by an engine that the process keeps."""

from __future__ import annotations

import pickle
import threading
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from hashbench.engine.engine import Engine
from hashbench.engine.machine.environment import environment, versions
from hashbench.engine.machine.precision import Precisions
from hashbench.engine.stages.stage import Stage, identity
from hashbench.errors import StoreError, UserError
from hashbench.typing import Facts

Recipe = Callable[[], Engine]
"""How a worker makes its engine; equal within a run, and able to travel."""
_one_at_a_time = threading.Lock()
"""Stages seed torch's global generator, which a process has one of."""


@dataclass(frozen=True)
class Failure:
    """A stage that could not be made elsewhere: its traceback, or the sentence of a user's mistake."""

    text: str
    mistake: bool = False


class FailedElsewhere(Exception):
    """A stage failed on a worker; the message is the traceback there."""


def packed(stage: Stage[object], recipe: Recipe) -> bytes:
    """A stage with its digest, as it travels: opened on workers only."""
    return pickle.dumps((stage, identity(stage), recipe, versions()))


def make(task: bytes, *needs: Failure | None) -> Failure | None:
    """Make a stage whose needs are made. None once it is in the store, else why it is not; what it needs failing, that."""
    failed = next((need for need in needs if need is not None), None)
    if failed is not None:
        return failed
    try:
        with _one_at_a_time:
            stage, digest, recipe, theirs = pickle.loads(task)  # noqa: S301 - a task is code, whatever it travels as
            if versions() != theirs or identity(stage) != digest:
                return Failure("a worker has other code or other versions than this machine: install the same.", mistake=True)
            _engine(recipe).folder(stage)
    except StoreError:
        raise
    except UserError as mistake:
        return Failure(str(mistake), mistake=True)
    except (Exception, SystemExit):  # noqa: BLE001 - a plugin's crash or exit spoils what stands on it only
        return Failure(traceback.format_exc())
    return None


def look(recipe: Recipe, token: Path, precisions: frozenset[Precisions]) -> tuple[bool, dict[str, str], Facts]:
    """Whether this process sees a file that the client wrote into the store; versions, and the environment here."""
    machine = _engine(recipe).machine
    for each in precisions:
        each.check(machine.device)
    return token.is_file(), versions(), environment(machine)


@lru_cache(maxsize=1)
def _engine(recipe: Recipe) -> Engine:
    """Of this run alone: an earlier one's has looked at a store that may have changed."""
    return recipe()
