"""Runs the command line and kills its own process (SIGKILL) at the n-th dangerous moment: `driver.py N LOG ARGS...`.

A moment is just before or just after each write that is made durable (fsync, rename, replace) and each training or attack step.
N = 0 never kills and writes how many moments there were into LOG.
"""

from __future__ import annotations

import os
import signal
import sys
import warnings
from pathlib import Path

from hashbench.cli.main import main
from hashbench.contracts import checkpoint

warnings.simplefilter("ignore")
at, log = int(sys.argv[1]), Path(sys.argv[2])
moments = 0


def moment() -> None:
    global moments
    moments += 1
    if moments == at:
        os.kill(os.getpid(), signal.SIGKILL)


def around(function):
    def wrapped(*args, **kwargs):
        moment()
        result = function(*args, **kwargs)
        moment()
        return result

    return wrapped


def stepping(self):
    for step in original(self):
        moment()
        yield step
        moment()


original = checkpoint.Steps.__iter__
checkpoint.Steps.__iter__ = stepping
os.fsync, os.replace, Path.rename = around(os.fsync), around(os.replace), around(Path.rename)
sys.argv = ["hashbench", *sys.argv[3:]]
try:
    main()
finally:
    log.write_text(str(moments))
