"""Where and how a plan runs."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class How:
    """Device, workers, folders, limits: none of them changes what a number means."""

    device: str = "auto"
    """auto, cpu, or cuda:0."""
    decoders: int = 1
    """Threads that decode images."""
    memory: str | None = None
    """How much of networks and arrays stays in memory between stages, such as 4GB; a quarter of the machine's by default."""
    cell_timeout: float | None = None
    """Seconds after which a cell is stopped; the others go on."""
    out: str | None = None
    """The folder of the results."""
    store: str | None = None
    """Where hashers and images are kept for reuse; by default HASHBENCH_STORE, HASHBENCH_HOME or ~/.cache/hashbench."""
    wait: float = 86_400.0
    """Seconds to wait for a stage that another process makes, and for a scheduler's first worker."""
    checkpoint_every: float = 60.0
    """Seconds between the states kept of long stages, so that a killed one goes on."""
    deterministic: bool = False
    """Whether an operation without a deterministic algorithm is an error."""
    executor: str | None = None
    """local: this process; dask: workers, of this machine or of a scheduler."""
    workers: int | None = None
    """Processes on this machine, one a GPU."""
    scheduler: str | None = None
    """Of a Dask cluster that runs already: tls://HOST:PORT, or the JSON file it wrote."""
    shard: str | None = None
    """Make only a share of the cells, such as 0/8, into the store."""


def store_folder(given: str | None) -> Path:
    """The folder of the store: as given, HASHBENCH_STORE, HASHBENCH_HOME, or below the user's cache folder."""
    home = given or os.environ.get("HASHBENCH_STORE") or os.environ.get("HASHBENCH_HOME")
    return Path(home) if home else Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "hashbench"


def data_folder(given: str | Path | None) -> str | None:
    """The folder of data sets: as given, or HASHBENCH_DATA."""
    return str(given) if given is not None else os.environ.get("HASHBENCH_DATA") or None
