"""A limit on the time of a cell."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from hashbench.errors import UserError


class CellTimeout(BaseException):
    """A cell took longer than it may. No Exception: a plugin's `except Exception` does not swallow it."""


@contextmanager
def time_limit(seconds: float | None) -> Iterator[None]:
    """Raise CellTimeout in what runs inside once `seconds` have passed; no limit for None.

    It comes between two Python instructions: one long operation is interrupted when it returns. Raises UserError where the
    platform has no timer signal.
    """
    if seconds is None:
        yield
        return
    if not hasattr(signal, "SIGALRM") or threading.current_thread() is not threading.main_thread():
        raise UserError("--cell-timeout needs the timer signal of a POSIX system: leave it out here.")

    def stop(_: int, __: FrameType | None) -> None:
        raise CellTimeout(f"it took longer than --cell-timeout {seconds:g} s.")

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds, 1.0)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
