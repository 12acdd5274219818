"""Progress on a terminal: one bar at a time with a rate and an end; one line a stage elsewhere."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sized
from typing import TypeVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, Task, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.text import Text

T = TypeVar("T")


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
        """Bars that took less than half a second leave no line behind, nor does a bar inside another."""
        total = len(items) if total is None and isinstance(items, Sized) else total
        start = time.monotonic()
        self._inside += 1
        try:
            yield from self._drawn(items, label, total) if self.console.is_terminal else items
        finally:
            self._inside -= 1
        seconds = time.monotonic() - start
        if seconds > 0.5 and not self._inside:
            rate = (total or 0) / seconds
            self.console.print(f"  {label}: {total} steps in {seconds:.1f} s ({rate:.1f}/s)", markup=False, highlight=False)

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
