"""Who is at work: processes that leave files behind are known by machine and number."""

from __future__ import annotations

import os
import socket


def whoami() -> str:
    """`machine-number` of this process."""
    return f"{socket.gethostname()}-{os.getpid()}"


def may_be_alive(who: str) -> bool:
    """Whether the process of a `whoami` may still run; one of another machine may."""
    host, _, number = who.rpartition("-")
    if host != socket.gethostname() or not number.isdecimal():
        return True
    try:
        os.kill(int(number), 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:
        return True
    return True
