"""Results -> pages."""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path

from hashbench.contracts.plugin import Plugin
from hashbench.results.results import Results


class Report(Plugin, ABC):
    """Renders results of one run, or of several read together."""

    @abstractmethod
    def render(self, results: Results, out: Path) -> list[Path]:
        """Write files into the folder `out`; returns them, the one to open first."""
