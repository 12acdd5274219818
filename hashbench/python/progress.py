"""Progress on a terminal: one bar at a time with a rate and an end; elsewhere a line a minute, and one at a stage's end."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sized
from typing import TypeVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, Task, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.text import Text

T = TypeVar("T")
SILENCE = 60.0
"""Seconds after which what is no terminal gets a line."""


class _Rate(TaskProgressColumn):
    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        return Text("" if speed is None else f"{speed:.1f}/s", style="progress.data.speed")


class Bars:
    """A `hashbench.contracts.run.Progress` that draws with rich."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self._live: Progress | None = None
        self._inside = 0

    def track(self, items: Iterable[T], label: str, total: int | None = None) -> Iterator[T]:
        """Bars that took less than half a second leave no line behind, nor does a bar inside another. A loop that a killed run
        left tells where it goes on."""
        total = len(items) if total is None and isinstance(items, Sized) else total
        first = getattr(items, "first", 0)
        label += f", going on after {first}" if first else ""
        start = time.monotonic()
        self._inside += 1
        try:
            yield from (self._drawn if self.console.is_terminal else self._told)(items, label, total)
        finally:
            self._inside -= 1
        seconds = time.monotonic() - start
        if seconds > 0.5 and not self._inside:
            self._say(f"{label}: {total} done in {seconds:.1f} s ({(total or 0) / seconds:.1f}/s)")

    def _told(self, items: Iterable[T], label: str, total: int | None) -> Iterator[T]:
        start = last = time.monotonic()
        for done, item in enumerate(items):
            now = time.monotonic()
            if now - last > SILENCE:
                last = now
                self._say(f"{label}: {done} of {total} after {now - start:.0f} s")
            yield item

    def _say(self, text: str) -> None:
        self.console.print(f"  {text}", markup=False, highlight=False)

    def _drawn(self, items: Iterable[T], label: str, total: int | None) -> Iterator[T]:
        if self._live is not None:
            task = self._live.add_task(label, total=total)
            try:
                yield from self._live.track(items, total=total, task_id=task)
            finally:
                self._live.remove_task(task)
            return
        columns = (
            TextColumn("  {task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            _Rate(),
            TimeRemainingColumn(elapsed_when_finished=True),
        )
        with Progress(*columns, console=self.console, transient=True) as self._live:
            try:
                yield from self._live.track(items, total=total, description=label)
            finally:
                self._live = None
