"""Progress shows a label as it is written, on a terminal and elsewhere."""

from __future__ import annotations

import io
import time

import pytest
from rich.console import Console

from hashbench.contracts.checkpoint import Steps
from hashbench.python.progress import Bars


@pytest.mark.parametrize("terminal", [True, False])
def test_an_attack_with_options_is_named_with_them(terminal: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    screen = io.StringIO()
    clock = iter(range(0, 1000, 2))
    with monkeypatch.context() as patch:
        patch.setattr(time, "monotonic", lambda: float(next(clock)))
        console = Console(file=screen, force_terminal=terminal, width=100)
        assert list(Bars(console).track([1, 2], "attacking with prosgan[epochs=18]")) == [1, 2]
    assert "attacking with prosgan[epochs=18]" in screen.getvalue()


@pytest.mark.parametrize("terminal", [True, False])
def test_a_bar_inside_another_is_drawn_and_leaves_no_line(terminal: bool) -> None:
    screen = io.StringIO()
    bars = Bars(Console(file=screen, force_terminal=terminal, width=100))
    seen = []
    for outer in bars.track(range(2), "batches"):
        for inner in bars.track(range(10), "questions"):
            seen.append((outer, inner))
            if inner == 1:
                break
    assert seen == [(0, 0), (0, 1), (1, 0), (1, 1)]
    assert ("questions" in screen.getvalue()) == terminal
    assert list(bars.track([3], "again")) == [3]


def test_where_there_is_no_terminal_a_long_loop_speaks_once_a_minute_and_says_where_it_goes_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    screen = io.StringIO()
    clock = iter(range(0, 10_000, 25))
    steps = Steps(12, None)
    steps.first = 4
    with monkeypatch.context() as patch:
        patch.setattr(time, "monotonic", lambda: float(next(clock)))
        assert list(Bars(Console(file=screen, width=100)).track(steps, "training")) == [*range(4, 12)]
    lines = screen.getvalue().splitlines()
    assert [line.split(": ")[1].split(" after")[0] for line in lines[:-1]] == ["2 of 8", "5 of 8"]
    assert all("training, going on after 4: " in line for line in lines) and "8 done in" in lines[-1]
