"""A scheduler that runs already: its workers make the stages, and are waited for where they stand in a queue."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers import TINY, hashbench

from hashbench.engine.executors import cluster
from hashbench.python import spreading

ASKED = ["run", "--attack", "noise", *TINY, "--benchmark", "targeted", "--store", "store", "--out", "out"]
EMPTY = {"n_workers": 0, "threads_per_worker": 1, "processes": False, "protocol": "tcp://", "host": "127.0.0.1"}


def test_stages_are_made_through_a_scheduler_that_runs_already(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: dict[str, bool] = {}

    def spied(client, stages, recipe, engine, precisions):
        assert engine.missing(stages) == list(stages), "nothing is there before"
        cluster.make_all(client, stages, recipe, engine, precisions)
        made.update({stage.name: not engine.missing([stage]) for stage in stages})

    monkeypatch.setattr(spreading, "make_all", spied)
    distributed = pytest.importorskip("distributed")
    asked = ["run", "--attack", "noise", *TINY, "--benchmark", "targeted", "--store", "store"]
    here = {"n_workers": 1, "processes": False, "dashboard_address": "127.0.0.1:0", "host": "127.0.0.1"}
    with distributed.LocalCluster(threads_per_worker=1, protocol="tcp://", **here) as running:
        done = hashbench(*asked, "--out", "out", "--scheduler", running.scheduler_address, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        assert made.keys() >= {"trunk", "hasher", "codes", "images"} and all(made.values()), made
    with distributed.LocalCluster(threads_per_worker=2, protocol="tcp://", **here) as running:
        done = hashbench(*asked, "--seed", "1", "--out", "more", "--scheduler", running.scheduler_address, cwd=tmp_path)
        assert done.returncode == 2
        assert "has 2 threads: start it with --nthreads 1" in done.stderr


def test_a_worker_that_comes_late_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    distributed = pytest.importorskip("distributed")
    waits: list[float] = []
    warned: list[str] = []
    wait_for = distributed.Client.wait_for_workers

    def waiting(client, count, timeout):  # the first wait is in vain
        waits.append(timeout)
        if len(waits) == 1:
            raise TimeoutError
        running.scale(1)
        return wait_for(client, count, timeout=timeout)

    monkeypatch.setattr(distributed.Client, "wait_for_workers", waiting)
    monkeypatch.setattr(cluster.log, "warning", warned.append)
    with distributed.LocalCluster(dashboard_address="127.0.0.1:0", **EMPTY) as running:
        done = hashbench(*ASKED, "--scheduler", running.scheduler_address, "--wait", "3600", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert waits == [cluster.PATIENCE, 3600 - cluster.PATIENCE]
    assert warned == ["waiting for a worker (dask worker ...), for as long as --wait says"]


def test_a_scheduler_without_workers_is_one_sentence(tmp_path: Path) -> None:
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(dashboard_address="127.0.0.1:0", **EMPTY) as running:
        done = hashbench(*ASKED, "--scheduler", running.scheduler_address, "--wait", "0.2", cwd=tmp_path)
    assert done.returncode == 2 and not (tmp_path / "out").exists()
    assert "there was no worker for 0.2 s: start some (dask worker ...), or give a longer --wait." in done.stderr
