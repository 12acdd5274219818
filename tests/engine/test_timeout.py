"""A cell's time limit."""

from __future__ import annotations

import contextlib
import signal

import pytest

from hashbench.engine.machine.timeout import CellTimeout, time_limit


def test_an_endless_loop_is_stopped_even_where_it_swallows_exceptions() -> None:
    with pytest.raises(CellTimeout, match=r"longer than --cell-timeout 0\.05 s"), time_limit(0.05):
        while True:
            with contextlib.suppress(Exception):
                sum(range(1000))


def test_the_timer_is_gone_afterwards() -> None:
    with time_limit(60):
        pass
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)
    with time_limit(None):
        assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)
