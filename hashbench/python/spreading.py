"""How a plan spreads over workers: the options of `How`, checked, as what is done ahead of measuring."""

from __future__ import annotations

import os
import uuid
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import torch

from hashbench.contracts.run import Silent
from hashbench.engine.engine import Engine
from hashbench.engine.executors.cluster import local_cluster, make_all, remote_cluster
from hashbench.engine.machine.memory import share_of_memory
from hashbench.engine.machine.precision import Precisions
from hashbench.engine.running.runner import Ahead
from hashbench.engine.stages.stage import Stage
from hashbench.errors import UnknownName, UserError
from hashbench.python.how import How
from hashbench.python.machine import engine_of

if TYPE_CHECKING:
    from distributed import Client

EXECUTORS = ("local", "dask")


@dataclass(frozen=True)
class WorkerEngine:
    """The recipe of a worker's engine."""

    how: How
    batch_size: int
    run: str
    """Another for each run."""

    def __call__(self) -> Engine:
        return engine_of(replace(self.how, device=_device(self.how.device)), self.batch_size, Silent())


def ahead_of(how: How, batch_size: int) -> Ahead | None:
    """What makes the stages on workers; None where this process does. Raises UserError for options that contradict."""
    elsewhere = how.workers is not None or how.scheduler is not None
    executor = how.executor or ("dask" if elsewhere else "local")
    if executor not in EXECUTORS:
        raise UnknownName("executor", executor, EXECUTORS)
    if executor == "local" and elsewhere:
        raise UserError("--workers and --scheduler are of --executor dask: leave --executor local out.")
    _refuse_both(how.workers, how.scheduler)
    if executor == "local":
        return None
    if how.shard is not None:
        raise UserError("--shard shares cells among runs of their own: leave --executor, --workers and --scheduler out.")
    if how.cell_timeout is not None:
        raise UserError("--cell-timeout is not kept by workers: leave it out, or run without them.")

    def ahead(stages: Sequence[Stage[object]], engine: Engine, precisions: frozenset[Precisions]) -> None:
        if not stages:
            return
        theirs = replace(how, store=str(engine.store.root.absolute()), out=None)
        workers = how.workers if how.workers is not None else torch.cuda.device_count() or os.cpu_count() or 1
        if how.scheduler is None and workers > 0:  # they share this machine
            each = how.memory or str(share_of_memory() // workers)
            theirs = replace(theirs, memory=each, decoders=max(how.decoders // workers, 1))
        recipe = WorkerEngine(theirs, batch_size, uuid.uuid4().hex)
        with connected(workers if how.scheduler is None else None, how.scheduler) as client:
            make_all(client, stages, recipe, engine, precisions)

    return ahead


def connected(workers: int | None, scheduler: str | None) -> AbstractContextManager[Client]:
    """Processes of this machine, or a cluster that runs already. Raises UserError for both, and for what can't be used."""
    _refuse_both(workers, scheduler)
    return local_cluster(workers or 0) if scheduler is None else remote_cluster(scheduler)


def _refuse_both(workers: int | None, scheduler: str | None) -> None:
    if workers is not None and scheduler is not None:
        raise UserError("--workers starts processes here, --scheduler uses others: give one of them.")


def _device(asked: str) -> str:
    """On a machine of several GPUs, the one of this worker's number."""
    count = torch.cuda.device_count()
    if asked != "auto" or count < 2:
        return asked
    from distributed import get_worker

    name = get_worker().name
    return f"cuda:{name % count}" if isinstance(name, int) else asked
