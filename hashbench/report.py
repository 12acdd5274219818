"""Results -> pages."""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path

from hashbench.plugin import Plugin
from hashbench.results import Results


class Report(Plugin, ABC):
    """Renders the results of a run."""

    @abstractmethod
    def render(self, results: Results, out: Path) -> list[Path]:
        """Write files into the folder `out`; returns them, the one to open first."""
