"""Progress shows a label as it is written, on a terminal and elsewhere."""

from __future__ import annotations

import io
import time

import pytest
from rich.console import Console

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
