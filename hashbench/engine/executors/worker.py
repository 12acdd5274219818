"""What happens on a worker: one stage made into the shared store, by an engine that the process keeps."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from hashbench.engine.engine import Engine
from hashbench.engine.machine.environment import environment, versions
from hashbench.engine.stages.stage import Stage
from hashbench.errors import StoreError, UserError
from hashbench.typing import Facts

Recipe = Callable[[], Engine]
"""How a worker makes its engine; equal for equal engines, and able to travel."""


@dataclass(frozen=True)
class Failure:
    """A stage that could not be made elsewhere: its traceback, or the sentence of a user's mistake."""

    text: str
    mistake: bool = False


class FailedElsewhere(Exception):
    """A stage failed on a worker; the message is the traceback there."""


def make(stage: Stage[object], recipe: Recipe, *needs: Failure | None) -> Failure | None:
    """Make a stage whose needs are made. None once it is in the store, else why it is not; what it needs failing, that."""
    failed = next((need for need in needs if need is not None), None)
    if failed is not None:
        return failed
    try:
        _engine(recipe).folder(stage)
    except StoreError:
        raise
    except UserError as mistake:
        return Failure(str(mistake), mistake=True)
    except (Exception, SystemExit):  # noqa: BLE001 - a plugin's crash or exit spoils what stands on it only
        return Failure(traceback.format_exc())
    return None


def look(recipe: Recipe, token: Path) -> tuple[bool, dict[str, str], Facts]:
    """Whether this process sees a file that the client wrote into the store; versions, and the environment here."""
    return token.is_file(), versions(), environment(_engine(recipe).machine)


@cache
def _engine(recipe: Recipe) -> Engine:
    return recipe()
