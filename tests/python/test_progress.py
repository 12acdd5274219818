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
