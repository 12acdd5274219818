"""Killed at any moment and started again, a run ends in the same results. Slow: `pytest -m slow`."""

from __future__ import annotations

import os
import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import driver
import numpy as np
import pytest

ARGS = [
    "run",
    "--attack",
    "dhta[steps=4],nes[queries=24,examples=1,pairs=2,answer=distances],prosgan[epochs=2,width=8,decoder_width=8,aim=prototype[steps=6]]",
    "--dataset",
    "shapes[train=64,database=96,queries=8]",
    "--backbone",
    "convnet[width=8,warmup_epochs=2]",
    "--hasher",
    "dpsh[epochs=3]",
    "--batch-size",
    "4",
    "--checkpoint-every",
    "0",
    "--report",
    "markdown",  # is written like a page, and drawn in less time
]
POINTS = 32


def run(folder: Path, kill_at: int) -> int:
    """The exit code; the run's moments are written beside."""
    return driver.run([*ARGS, "--out", str(folder / "out"), "--store", str(folder / "store")], folder, kill_at)


def results(folder: Path) -> dict[str, bytes]:
    """What has to be the same: all cells and tables but the times."""
    out = folder / "out"
    files = [*sorted((out / "cells").iterdir()), out / "results.csv", out / "differences.csv"]
    return {file.name: file.read_bytes() for file in files}


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_killed_anywhere_and_started_again_it_ends_the_same(tmp_path: Path) -> None:
    warm, whole = tmp_path / "warm", tmp_path / "whole"
    for folder in (warm, whole):  # the first one's moments may be those of compiling kernels, too
        folder.mkdir()
        assert run(folder, 0) == 0
    wanted, moments = results(whole), int((whole / "moments").read_text())
    assert moments > 5 * POINTS
    points = np.unique(np.linspace(1, moments - 1, POINTS).astype(int))
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(lambda point: killed_and_started_again(tmp_path / f"killed{point}", int(point), moments, wanted), points))


def killed_and_started_again(folder: Path, point: int, moments: int, wanted: dict[str, bytes]) -> None:
    folder.mkdir()
    assert run(folder, point) == -signal.SIGKILL, point
    assert run(folder, 0) == 0, point
    assert results(folder) == wanted, point
    again = int((folder / "moments").read_text())
    assert not list((folder / "store" / "partial").glob("*")), point
    if point > moments // 2:
        assert again < moments, (point, again)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_killed_again_and_again_it_ends_the_same(tmp_path: Path) -> None:
    whole, often = tmp_path / "whole", tmp_path / "often"
    whole.mkdir()
    often.mkdir()
    assert run(whole, 0) == 0
    kills = 0
    while (code := run(often, 61)) == -signal.SIGKILL:
        kills += 1
        assert kills < 60
    assert code == 0 and kills >= 5 and results(often) == results(whole)
