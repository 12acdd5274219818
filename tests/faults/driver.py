"""Runs the command line in a fork of a process that has imported what takes time, and kills it (SIGKILL) at a dangerous moment.

A moment is just before or just after each write that is made durable (fsync, rename, replace) and each training or attack step.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import warnings
from pathlib import Path

FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["hashbench.cli.running", "torchmetrics.functional.image", "numba"])


def run(args: list[str], folder: Path, kill_at: int) -> int:
    """The exit code, negative where killed. `kill_at`: the number of the moment; 0 never kills, and `folder`/moments counts them."""
    process = FORKS.Process(target=_run, args=(args, folder, kill_at))
    process.start()
    process.join()
    return process.exitcode


def _run(args: list[str], folder: Path, kill_at: int) -> None:
    from hashbench.cli.main import main
    from hashbench.contracts import checkpoint

    moments = 0

    def moment() -> None:
        nonlocal moments
        moments += 1
        if moments == kill_at:
            os.kill(os.getpid(), signal.SIGKILL)

    def around(function):
        def wrapped(*args, **kwargs):
            moment()
            result = function(*args, **kwargs)
            moment()
            return result

        return wrapped

    def stepping(self):
        for step in steps(self):
            moment()
            yield step
            moment()

    warnings.simplefilter("ignore")
    os.chdir(folder)
    silent = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silent, 1)
    os.dup2(silent, 2)
    steps = checkpoint.Steps.__iter__
    checkpoint.Steps.__iter__ = stepping
    os.fsync, os.replace, Path.rename = around(os.fsync), around(os.replace), around(Path.rename)
    sys.argv = ["hashbench", *args]
    try:
        main()
    finally:
        (folder / "moments").write_text(str(moments))
