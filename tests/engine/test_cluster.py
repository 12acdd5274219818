"""Workers and shards: the same results, whoever makes the stages; what is refused."""

from __future__ import annotations

import gc
import json
import pickle
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import pandas as pd
import pytest
from helpers import CPU, SPREAD, TINY, hashbench, process

from hashbench.engine.engine import Engine
from hashbench.engine.executors import cluster
from hashbench.engine.executors.shard import Shard
from hashbench.engine.executors.worker import make
from hashbench.engine.machine.context import Machine
from hashbench.engine.machine.environment import versions
from hashbench.engine.machine.precision import Precisions
from hashbench.engine.stages.stage import Stage
from hashbench.engine.store.store import Store
from hashbench.errors import UserError
from hashbench.python.how import How
from hashbench.python.spreading import WorkerEngine, ahead_of

PLUGINS = '''
"""Attacks that fail: one in itself, one together with the process that runs it, once."""

import os
import signal
from dataclasses import dataclass
from pathlib import Path

from hashbench.api import Attack, option


@dataclass(frozen=True)
class Crash(Attack):
    """Crashes"""

    def perturb(self, victim, state, images, goal, codes, budget, run):
        raise RuntimeError("out of luck")


@dataclass(frozen=True)
class Kill(Attack):
    """Kills its process, the first time"""

    marker: str = option("", "a file that says it did")

    def perturb(self, victim, state, images, goal, codes, budget, run):
        if not Path(self.marker).exists():
            Path(self.marker).touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return images
'''


NONE: frozenset[Precisions] = frozenset()


@dataclass(frozen=True)
class Unknown(Stage[int]):
    """A stage that is never made."""

    name: ClassVar[str] = "unknown"
    code: ClassVar[tuple[str, ...]] = ()
    number: int

    def needs(self) -> dict[str, Stage[object]]:
        return {}

    def depends(self) -> dict[str, int]:
        return {"number": self.number}


def told_apart(out: Path) -> bool:
    """Whether attacks have t-MAPs of their own, so that equal numbers are of the same cells."""
    table = pd.read_csv(out / "results.csv").query("metric == 't_map' and hasher == 'lsh'")
    return len(table) > 1 and table["value"].nunique() > 1


def rows(out: Path) -> list[str]:
    return (out / "results.csv").read_text(encoding="utf-8").splitlines()


@pytest.mark.slow
def test_workers_make_what_one_process_makes_and_survive_a_kill_and_a_crash(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(PLUGINS, encoding="utf-8")
    attacks = f"noise,ifgsm[steps=8],./mine.py:Crash,./mine.py:Kill[marker={tmp_path / 'marker'}]"
    asked = ["run", "--attack", attacks, *SPREAD, "--bits", "12", "--benchmark", "targeted"]
    done = process(*asked, "--store", "spread", "--out", "spread-out", "--workers", "2", cwd=tmp_path)
    assert (tmp_path / "marker").exists(), done.stderr
    alone = process(*asked, "--store", "alone", "--out", "alone-out", cwd=tmp_path)
    assert done.returncode == alone.returncode == 1  # of the attack that crashes
    assert rows(tmp_path / "spread-out") == rows(tmp_path / "alone-out")
    assert told_apart(tmp_path / "spread-out")
    cells = [json.loads(file.read_text()) for file in (tmp_path / "spread-out" / "cells").glob("*.json")]
    failed = [cell for cell in cells if cell["status"] != "ok"]
    assert {(cell["at"]["attack"], cell["status"]) for cell in failed} == {("./mine.py:Crash", "error")}
    assert all("RuntimeError: out of luck" in cell["reason"] for cell in failed)


def test_shards_into_one_store_leave_nothing_to_make(tmp_path: Path) -> None:
    asked = ["run", "--attack", "noise,ifgsm[steps=8]", *SPREAD, "--bits", "12", "--benchmark", "targeted"]
    for shard in ("0/2", "1/2"):
        done = hashbench(*asked, "--store", "shared", "--shard", shard, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        assert "run the same command without --shard" in done.stdout
    assert not (tmp_path / "runs").exists()
    made = sorted((tmp_path / "shared").glob("*/*/checksums.json"))
    assert hashbench(*asked, "--store", "shared", "--out", "together", cwd=tmp_path).returncode == 0
    assert sorted((tmp_path / "shared").glob("*/*/checksums.json")) == made
    assert hashbench(*asked, "--store", "alone", "--out", "alone-out", cwd=tmp_path).returncode == 0
    assert rows(tmp_path / "together") == rows(tmp_path / "alone-out") and told_apart(tmp_path / "together")


@pytest.mark.parametrize(
    ("flags", "sentence"),
    [
        (["--executor", "dusk"], "unknown executor 'dusk': did you mean 'dask'"),
        (["--executor", "local", "--workers", "2"], "--workers and --scheduler are of --executor dask"),
        (["--workers", "2", "--scheduler", "tls://a:1"], "give one of them"),
        (["--workers", "0"], "--workers is 0: give at least 1"),
        (["--workers", "2", "--cell-timeout", "5"], "--cell-timeout is not kept by workers"),
        (["--workers", "2", "--shard", "0/2"], "--shard shares cells among runs of their own"),
        (["--shard", "2/2"], "--shard is '2/2': give I/N with I from 0 to N - 1"),
        (["--scheduler", "absent.json"], "give tls://HOST:PORT, or the JSON file that the scheduler wrote"),
        (["--scheduler", "tcp://10.0.0.1:8786"], "has no TLS, so that anyone could run code there"),
        (["--scheduler", "tcp://127.0.0.1:1"], "no scheduler takes this client at tcp://127.0.0.1:1"),
        (["--scheduler", "tls://127.0.0.1:1"], "check address and certificates"),
    ],
)
def test_what_can_not_be_spread_is_one_sentence(
    flags: list[str], sentence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "PATIENCE", 0.5)
    done = hashbench("run", "--attack", "noise", *TINY, *flags, "--store", "store", "--out", "out", cwd=tmp_path)
    assert done.returncode == 2
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "out").exists()


def test_a_client_that_no_scheduler_took_is_gone_when_the_error_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """Collected later, its end waits for a lock: for ever, where another client starts just then."""
    distributed = pytest.importorskip("distributed")
    monkeypatch.setattr(cluster, "PATIENCE", 0.5)
    gc.collect()
    before = sum(type(one) is distributed.Client for one in gc.get_objects())
    with pytest.raises(UserError, match="no scheduler takes this client"), cluster.remote_cluster("tcp://127.0.0.1:1"):
        pass
    assert sum(type(one) is distributed.Client for one in gc.get_objects()) == before


def test_a_shard_is_said_by_its_number() -> None:
    assert Shard.of("3/8") == Shard(3, 8)
    with pytest.raises(UserError, match="give I/N"):
        Shard.of("8")


def test_without_options_this_process_makes_the_stages() -> None:
    assert ahead_of(How(), 64) is None
    assert ahead_of(How(executor="local"), 64) is None
    assert ahead_of(How(workers=2), 64) is not None


@pytest.fixture(scope="module")
def threads() -> Iterator[cluster.Client]:
    """A cluster of one worker within this process."""
    distributed = pytest.importorskip("distributed")
    with distributed.Client(processes=False, n_workers=1, threads_per_worker=1, dashboard_address="127.0.0.1:0") as client:
        yield client


def test_workers_of_another_kind_are_refused(threads: cluster.Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    engine, recipe = Engine(Store(tmp_path / "store"), Machine(CPU)), WorkerEngine(How(store=str(tmp_path / "store")), 64, "run")
    cluster.make_all(threads, [], recipe, engine, NONE)
    with monkeypatch.context() as changed:
        changed.setattr(cluster, "versions", lambda: {"torch": "0.1"})
        with pytest.raises(UserError, match=r"has torch .*, and this machine 0\.1: install the same"):
            cluster.make_all(threads, [], recipe, engine, NONE)
    with monkeypatch.context() as changed:
        changed.setattr(Path, "is_file", lambda path: False)
        with pytest.raises(UserError, match=r"does not see the store .*: give --store on a shared disk"):
            cluster.make_all(threads, [], recipe, engine, NONE)
    with pytest.raises(UserError, match=r"the worker inproc.*: --device is 'tpu'"):
        cluster.make_all(threads, [], WorkerEngine(How(device="tpu", store=str(tmp_path)), 64, "other"), engine, NONE)
    with pytest.raises(UserError, match="cpu does not compute in tf32"):
        cluster.make_all(threads, [], recipe, engine, frozenset([Precisions(attacks="tf32")]))


def test_a_worker_with_other_code_makes_nothing(tmp_path: Path) -> None:
    recipe = WorkerEngine(How(store=str(tmp_path)), 64, "run")
    task = pickle.dumps((Unknown(1), "another digest", recipe, versions()))
    failure = make(task)
    assert failure is not None
    assert failure.mistake
    assert "other code or other versions" in failure.text
    assert make(b"no pickle") is not None
    assert make(task, failure) is failure


@pytest.mark.parametrize(
    ("address", "open_"),
    [
        ("tcp://127.0.0.1:8786", False),
        ("tcp://[::1]:8786", False),
        ("tls://10.0.0.1:8786", False),
        ("tcp://10.0.0.1:8786", True),
        ("tcp://0.0.0.0:8786", True),
        ("ws://somewhere:1", True),
    ],
)
def test_an_address_that_others_reach_asks_for_certificates(address: str, open_: bool) -> None:
    with pytest.raises(UserError, match="has no TLS") if open_ else nullcontext():
        cluster._refuse_open(address)


def test_a_client_with_a_foreign_certificate_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dask, distributed = pytest.importorskip("dask"), pytest.importorskip("distributed")
    from distributed.security import Security

    monkeypatch.setattr(cluster, "PATIENCE", 2.0)
    ours = Security.temporary()
    for name in ("tls_ca_file", "tls_client_cert", "tls_client_key"):
        (tmp_path / name).write_text(getattr(ours, name), encoding="utf-8")
    names = {"ca-file": "tls_ca_file", "client.cert": "tls_client_cert", "client.key": "tls_client_key"}
    tls = {f"distributed.comm.tls.{name}": str(tmp_path / file) for name, file in names.items()}
    with (
        distributed.LocalCluster(
            processes=False, n_workers=0, dashboard_address="127.0.0.1:0", security=Security.temporary(), protocol="tls://"
        ) as strangers,
        dask.config.set(tls),
        pytest.raises(UserError, match="no scheduler takes this client at tls://"),
        cluster.remote_cluster(strangers.scheduler_address),
    ):
        pass
