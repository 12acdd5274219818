"""The results of a run, or of several read together, as reports get them."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from hashbench.results.cell import COLUMNS, CellResult, Measured, Name
from hashbench.results.comparison import differences, seed_spread
from hashbench.results.run import RunFacts, Shown
from hashbench.results.setting import Setting, settings_of

_TRANSFER = ("dataset", "protocol", "seed", "epsilon", "norm", "attack", "source", "target")
_TRANSFERRED = ("t_map", "t_map_floor", "t_map_clean", "t_map_share")


@dataclass(frozen=True)
class Results:
    """Cells with the runs they are of."""

    runs: list[RunFacts]
    cells: list[CellResult]

    @cached_property
    def settings(self) -> list[Setting]:
        """The cells by what their attacks share."""
        return settings_of(self.cells)

    @property
    def white_box(self) -> list[Setting]:
        """The settings whose images are scored on the hasher they were made on."""
        return [setting for setting in self.settings if setting.white_box]

    @cached_property
    def suites(self) -> list[Shown]:
        """The suites among the runs: equal ones of several runs joined, others of one name told apart by their runs' names."""
        found: dict[str, Shown] = {}
        named: dict[str, str] = {}
        for run in self.runs:
            for suite in run.suites:
                same = json.dumps(suite.model_dump(exclude={"cells"}), sort_keys=True)
                if same in found:
                    cells = list(dict.fromkeys([*found[same].cells, *suite.cells]))
                    found[same] = found[same].model_copy(update={"cells": cells})
                    continue
                other = named.setdefault(suite.name, same) != same
                found[same] = suite.model_copy(update={"name": f"{suite.name}-{run.name}"}) if other else suite
        return list(found.values())

    @property
    def table(self) -> pd.DataFrame:
        """A row per cell and metric."""
        return _tidy((cell, row) for cell in self.cells for row in cell.rows)

    @property
    def timings(self) -> pd.DataFrame:
        """A row per cell and timing."""
        return _tidy((cell, row) for cell in self.cells for row in cell.timings)

    @cached_property
    def transfer(self) -> pd.DataFrame:
        """A row per attack, hasher its images were made on, and hasher they were scored on. Empty where no image travelled."""
        cells = [cell for cell in self.cells if cell.status == "ok"] if any(not cell.white_box for cell in self.cells) else []
        rows = []
        for cell in cells:
            row: dict[str, Name | None] = {name: cell.names.get(name, cell.at.source.label) for name in _TRANSFER}
            for metric in _TRANSFERRED:
                found = cell.row(metric) or Measured(metric=metric, value=None)
                row |= {metric: found.value, f"{metric}_low": found.low, f"{metric}_high": found.high}
            rows.append(row)
        ends = [f"{metric}{end}" for metric in _TRANSFERRED for end in ("", "_low", "_high")]
        return pd.DataFrame(rows, columns=[*_TRANSFER, *ends])

    @cached_property
    def differences(self) -> pd.DataFrame:
        """Every pair of attacks of a setting, compared over the same queries."""
        return differences(self.settings)

    @cached_property
    def seed_spread(self) -> pd.DataFrame:
        """A row per cell without its seed and metric, where several seeds were run."""
        return seed_spread(self.cells)


def _tidy(rows: Iterable[tuple[CellResult, Measured]]) -> pd.DataFrame:
    return pd.DataFrame([cell.names | dict(row) for cell, row in rows], columns=list(COLUMNS))


def csv_text(table: pd.DataFrame) -> str:
    """A table as CSV, numbers in their shortest exact form."""
    text = io.StringIO()
    table.to_csv(text, index=False, lineterminator="\n")
    return text.getvalue()
