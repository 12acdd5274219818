"""A Dask cluster as executor: every stage of the graph a task, what it needs its dependencies."""

from __future__ import annotations

import gc
import ipaddress
import json
import logging
import tempfile
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from hashbench.engine.engine import Engine
from hashbench.engine.executors.worker import FailedElsewhere, Failure, Recipe, look, make, packed
from hashbench.engine.machine.environment import versions
from hashbench.engine.machine.precision import Precisions
from hashbench.engine.stages.stage import Stage, identity, place
from hashbench.errors import StoreError, UserError

if TYPE_CHECKING:
    from distributed import Client, Future

log = logging.getLogger(__name__)
PATIENCE = 60.0
"""Seconds to wait for a scheduler; for a first worker, after which it is said that others are waited for."""
LOST = 2
"""How many workers a stage may lose before it is given up."""
_GPU = "GPU"


@contextmanager
def local_cluster(workers: int) -> Iterator[Client]:
    """Processes on this machine, with one-time certificates: nobody else's program may hand them work."""
    if workers < 1:
        raise UserError(f"--workers is {workers}: give at least 1.")
    dask = _dask()
    from distributed import Client, LocalCluster
    from distributed.security import Security

    threads = max(torch.get_num_threads() // workers, 1)
    limits = {f"distributed.nanny.pre-spawn-environ.{name}_NUM_THREADS": threads for name in ("OMP", "MKL", "OPENBLAS")}
    gpus = torch.cuda.device_count()
    with (
        dask.config.set(limits),
        LocalCluster(
            n_workers=workers,
            threads_per_worker=1,
            memory_limit=None,
            dashboard_address="127.0.0.1:0",
            security=Security.temporary(),
            silence_logs=logging.CRITICAL,
            resources={_GPU: 1} if gpus else None,
        ) as cluster,
        Client(cluster) as client,
    ):
        yield client


@contextmanager
def remote_cluster(scheduler: str) -> Iterator[Client]:
    """A scheduler that runs already: its address, or the JSON file it wrote. Raises UserError.

    Certificates are those of Dask's configuration. Without TLS only this machine's own address is taken: a scheduler runs
    whatever anybody sends it.
    """
    address = _address(scheduler)
    _refuse_open(address)
    _dask()
    from distributed import Client
    from distributed.security import Security

    try:
        client = Client(address, timeout=PATIENCE, security=Security() if address.startswith("tls://") else None)
    except (OSError, TypeError, ValueError) as error:
        why = _why(error)
        error.__traceback__ = None  # its frames hold a client that is half made, whose end may lock up the start of another
        gc.collect()
        raise UserError(
            f"no scheduler takes this client at {address} ({why}): start one, or check address and certificates."
        ) from error
    with client:
        listening = client.scheduler_info(n_workers=-1)
        for place_of in (listening["address"], *listening["workers"]):
            _refuse_open(place_of)
        yield client


def make_all(
    client: Client, stages: Sequence[Stage[object]], recipe: Recipe, engine: Engine, precisions: frozenset[Precisions]
) -> None:
    """Make stages, given in an order that has what is needed first. What fails is remembered in `engine`.

    Raises UserError where a worker is not like this process, does not see its store, or does not compute in a precision.
    """
    gpus = _check_workers(client, recipe, engine, precisions)
    root, run = engine.store.root, uuid.uuid4().hex[:8]
    futures: dict[Path, Future[Failure | None]] = {}
    try:
        for stage in stages:
            needs = [futures[folder] for need in stage.needs().values() if (folder := place(root, need)) in futures]
            name = f"{stage.name}-{identity(stage)}-{run}"
            resources = {_GPU: 1} if gpus and stage.on_device else None
            task = packed(stage, recipe)
            futures[place(root, stage)] = client.submit(make, task, *needs, key=name, pure=False, resources=resources)
        _gather(futures, {place(root, stage): f"{stage.name} of {stage.work}" for stage in stages}, engine)
    finally:
        client.cancel(list(futures.values()))


def _gather(futures: dict[Path, Future[Failure | None]], said: dict[Path, str], engine: Engine) -> None:
    from distributed import as_completed
    from distributed.scheduler import KilledWorker

    folders = {future.key: folder for folder, future in futures.items()}
    done = as_completed(futures.values(), raise_errors=False)
    for future in engine.machine.progress.track(done, "making stages on workers", len(futures)):
        folder = folders[future.key]
        try:
            failure = future.result()
        except StoreError:
            raise
        except KilledWorker:
            failure = Failure(f"WorkersLost: the workers that made {said[folder]}, or what it needs, were lost again and again.")
        except Exception as error:  # noqa: BLE001 - whatever Dask makes of a task spoils what stands on it only
            failure = Failure(f"{type(error).__name__}: {error}")
        if failure is not None:
            engine.failed[folder] = UserError(failure.text) if failure.mistake else FailedElsewhere(failure.text)


def _await_worker(client: Client, limit: float) -> None:
    """Wait for the first worker, which may stand in a cluster's queue for long; those of this machine start at once, or never."""
    limit = PATIENCE if client.cluster is not None else limit
    try:
        client.wait_for_workers(1, timeout=min(PATIENCE, limit))
    except TimeoutError:
        if limit > PATIENCE:
            log.warning("waiting for a worker (dask worker ...), for as long as --wait says")
        try:
            client.wait_for_workers(1, timeout=max(limit - PATIENCE, 0.01))
        except TimeoutError as error:
            raise UserError(
                f"there was no worker for {limit:g} s: start some (dask worker ...), or give a longer --wait."
            ) from error


def _check_workers(client: Client, recipe: Recipe, engine: Engine, precisions: frozenset[Precisions]) -> bool:
    """Whether workers have GPUs. Raises UserError for workers that numbers can't be made on."""
    _await_worker(client, engine.store.wait)
    workers = client.scheduler_info(n_workers=-1)["workers"]
    for address, worker in workers.items():
        if worker["nthreads"] != 1:
            raise UserError(f"the worker {address} has {worker['nthreads']} threads: start it with --nthreads 1.")
    with tempfile.NamedTemporaryFile(dir=engine.store.root / "tmp") as token:
        seen = client.run(look, recipe, Path(token.name), precisions, on_error="return")
    for worker, answer in seen.items():
        if isinstance(answer, UserError):
            raise UserError(f"the worker {worker}: {answer}") from answer
        if isinstance(answer, BaseException):
            raise UserError(f"the worker {worker} can't be used ({_why(answer)}): install this hashbench there.") from answer
        sees, theirs, _ = answer
        if not sees:
            raise UserError(f"the worker {worker} does not see the store {engine.store.root}: give --store on a shared disk.")
        for package, version in versions().items():
            if (other := theirs.get(package)) != version:
                raise UserError(f"the worker {worker} has {package} {other}, and this machine {version}: install the same.")
    environments = {json.dumps(facts, sort_keys=True): facts for _, _, facts in seen.values()}
    if len(environments) > 1:
        said = "; ".join(f"{facts['device']}, {facts['threads']} threads" for facts in environments.values())
        raise UserError(f"the workers differ ({said}), and so would their numbers: use workers of one kind.")
    engine.environment = next(iter(environments.values()))
    return any(_GPU in worker["resources"] for worker in workers.values())


def _why(error: BaseException) -> str:
    """An error in a few words: the first line of its message, or its name where it has none."""
    return str(error).splitlines()[0].rstrip(".") if str(error) else type(error).__name__


def _address(scheduler: str) -> str:
    if "://" in scheduler:
        return scheduler
    file = Path(scheduler)
    try:
        return str(json.loads(file.read_text(encoding="utf-8"))["address"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UserError(
            f"--scheduler is '{scheduler}': give tls://HOST:PORT, or the JSON file that the scheduler wrote."
        ) from error


def _refuse_open(address: str) -> None:
    """Raise UserError for an address that others can reach and that asks for no certificate."""
    kind, _, rest = address.partition("://")
    if kind not in ("tls", "inproc") and not _loopback(rest.rpartition(":")[0]):
        raise UserError(
            f"{address} has no TLS, so that anyone could run code there: start the scheduler and its workers with certificates "
            "and give its tls:// address."
        )


def _loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _dask() -> Any:
    """Dask, set up for stages. Raises UserError where the extra is not installed."""
    try:
        import dask
        import distributed  # noqa: F401 - brings its settings
    except ImportError as error:
        raise UserError("a cluster needs dask distributed: pip install 'hashbench[cluster]'.") from error
    patience = {f"distributed.comm.timeouts.{what}": "120s" for what in ("connect", "tcp")}  # a worker that imports torch is silent
    dask.config.set({"distributed.worker.daemon": False, "distributed.scheduler.allowed-failures": LOST, **patience})
    return dask
