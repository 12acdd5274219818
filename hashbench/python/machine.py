"""The engine of a program that runs something: its machine, its store, its progress."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from functools import cache

from hashbench.contracts.run import Progress
from hashbench.engine.choices import Source
from hashbench.engine.engine import Engine
from hashbench.engine.machine.context import Machine
from hashbench.engine.machine.memory import keep_freed_memory, share_of_memory
from hashbench.engine.planning.choosing import pick_device
from hashbench.engine.stages.pixels import PixelsStage, pixels_of
from hashbench.engine.store.store import Store
from hashbench.errors import UserError
from hashbench.python.how import How, store_folder

_SIZES = {"": 1, "K": 1e3, "M": 1e6, "G": 1e9, "T": 1e12}


def engine_of(how: How, batch_size: int = 64, progress: Progress | None = None) -> Engine:
    """The machine and the store, as an engine. Raises UserError for an impossible value."""
    if how.decoders < 1:
        raise UserError(f"--decoders is {how.decoders}: give at least 1.")
    if how.cell_timeout is not None and not 0 < how.cell_timeout < math.inf:
        raise UserError(f"--cell-timeout is {how.cell_timeout:g}: give more than 0 seconds, or leave it out.")
    if not (how.wait >= 0 and 0 <= how.checkpoint_every < math.inf):
        raise UserError("--wait and --checkpoint-every are seconds: give 0 or more.")
    keep_freed_memory()
    memory = share_of_memory() if how.memory is None else _bytes(how.memory)
    device, shown = pick_device(how.device), progress or bars()
    machine = Machine(device, shown, batch_size, how.decoders, memory, how.cell_timeout, how.deterministic)
    return Engine(Store(store_folder(how.store), how.wait, how.checkpoint_every), machine)


def bars() -> Progress:
    """Progress on the terminal, apart from what is printed."""
    from rich.console import Console

    from hashbench.python.progress import Bars

    return Bars(Console(stderr=True))


def resolving(engine: Engine) -> Callable[[Source], PixelsStage]:
    """Reads each dataset once; files that have not changed since the store saw them are not opened."""
    index = engine.store.root / "files"
    return cache(lambda source: pixels_of(source, index, engine.machine.decoders, engine.machine.progress))


def _bytes(text: str) -> int:
    """A size as users write it: 4GB, 500 MB, 2e9."""
    found = re.fullmatch(r"([0-9.]+(?:e[0-9]+)?) ?([KMGT]?)i?B?", text.strip(), re.IGNORECASE)
    try:
        return int(float(found[1]) * _SIZES[found[2].upper()]) if found else int("")
    except (ValueError, OverflowError) as error:
        raise UserError(f"--memory is '{text}': give a size such as 4GB or 500MB.") from error
