"""Results on disk: one JSON a cell with arrays beside it, one tidy results.csv, timings apart."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from hashbench.comparison import differences, seed_spread
from hashbench.flags import Flag
from hashbench.settings import Setting, settings_of

NAMES = ("dataset", "hasher", "backbone", "bits", "attack", "victim", "protocol", "seed", "epsilon")
SCHEMA = 3
"""Of a cell's file and of run.json. 1 had no number, and no `environment` in `made`; 2 no `epsilon` among the names, and no
`plugins` in `made`. Every released one stays readable."""
COLUMNS = (*NAMES, "metric", "value", "low", "high")


@dataclass(frozen=True)
class CellResult:
    """What became of one cell."""

    names: dict[str, Any]
    """The columns of `NAMES`."""
    status: str
    """'ok', 'error' (the attack or another plugin crashed) or 'skipped' (it can't run, `reason` says why)."""
    slug: str
    reason: str = ""
    rows: list[dict[str, Any]] = field(default_factory=list)
    """metric, value, low, high; None where there is no interval."""
    timings: list[dict[str, Any]] = field(default_factory=list)
    arrays: Mapping[str, np.ndarray] = field(default_factory=dict)
    made: dict[str, Any] = field(default_factory=dict)
    """How it was made: options, protocol, facts of data, backbone and hasher, keys of the stages."""

    flags: list[Flag] = field(default_factory=list)
    """Signs that a number is not what it seems."""

    run: str = ""
    """The run it is of, where several runs read together have other results of this attack in this setting."""

    @property
    def label(self) -> str:
        """What the attack is called in its setting."""
        return f"{self.names['attack']} ({self.run})" if self.run else str(self.names["attack"])

    @property
    def cause(self) -> str:
        """Why it has no number, in a line: of a traceback, the exception with the first line of its message."""
        lines = self.reason.strip().splitlines()
        frames = [i for i, line in enumerate(lines) if line.startswith("  File ")]
        after = lines[frames[-1] :] if frames else lines
        return next((line for line in after if line and not line.startswith(" ")), self.status)

    @property
    def source(self) -> str:
        """The label of the hasher the images were made on."""
        return f"{self.names['hasher']}-{self.names['backbone']}-{self.names['bits']}"

    @property
    def white_box(self) -> bool:
        """Whether the images are scored on the hasher they were made on."""
        return bool(self.names["victim"] == self.source)

    def value(self, metric: str) -> float | None:
        """A metric's value, or None."""
        return next((row["value"] for row in self.rows if row["metric"] == metric), None)

    def json(self) -> str:
        """The cell's file: all but arrays and timings, so that it repeats byte for byte."""
        content: dict[str, Any] = {"schema": SCHEMA, "cell": self.names}
        content |= {name: getattr(self, name) for name in ("status", "reason", "rows", "flags", "made")}
        return json.dumps(content, sort_keys=True, indent=1)


@dataclass(frozen=True)
class Results:
    """The results of a run, or of several read together, as reports get them and as they are read back."""

    runs: list[dict[str, Any]]
    """Of each run: `name` (of its folder), `command`, `config`, `suites`, `versions`, `device`, ..."""
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
    def suites(self) -> list[dict[str, Any]]:
        """What the suites among the runs show: those that several runs have alike, once; others of one name by their runs'."""
        found: dict[str, dict[str, Any]] = {}
        named: dict[str, str] = {}
        for run in self.runs:
            for suite in run.get("suites") or []:
                same = json.dumps({name: part for name, part in suite.items() if name != "cells"}, sort_keys=True)
                if same in found:
                    found[same]["cells"] = list(dict.fromkeys([*found[same]["cells"], *suite["cells"]]))
                    continue
                other = named.setdefault(suite["name"], same) != same
                found[same] = {**suite, "name": f"{suite['name']}-{run['name']}"} if other else dict(suite)
        return list(found.values())

    @property
    def table(self) -> pd.DataFrame:
        """A row per cell and metric."""
        return pd.DataFrame([cell.names | row for cell in self.cells for row in cell.rows], columns=list(COLUMNS))

    @property
    def timings(self) -> pd.DataFrame:
        """A row per cell and timing."""
        return pd.DataFrame([cell.names | row for cell in self.cells for row in cell.timings], columns=list(COLUMNS))

    @cached_property
    def transfer(self) -> pd.DataFrame:
        """A row per attack, hasher its images were made on, and hasher they were scored on. Empty where no image travelled."""
        columns = ("dataset", "protocol", "seed", "epsilon", "attack", "source", "victim")
        metrics = ("t_map", "t_map_floor", "t_map_clean", "t_map_share")
        cells = [cell for cell in self.cells if cell.status == "ok"] if any(not cell.white_box for cell in self.cells) else []
        rows = []
        for cell in cells:
            row: dict[str, Any] = {name: cell.names.get(name, cell.source) for name in columns}
            for metric in metrics:
                found = next((row for row in cell.rows if row["metric"] == metric), None)
                row |= {metric: found and found["value"], f"{metric}_low": found and found["low"]}
                row |= {f"{metric}_high": found and found["high"]}
            rows.append(row)
        ends = [f"{metric}{end}" for metric in metrics for end in ("", "_low", "_high")]
        return pd.DataFrame(rows, columns=[*columns, *ends])

    @cached_property
    def differences(self) -> pd.DataFrame:
        """Every pair of attacks of a setting, compared over the same queries."""
        return differences(self.settings)

    @cached_property
    def seed_spread(self) -> pd.DataFrame:
        """A row per cell without its seed and metric, where several seeds were run."""
        return seed_spread(self.cells)


def csv_text(table: pd.DataFrame) -> str:
    """A table as CSV, numbers in their shortest exact form."""
    text = io.StringIO()
    table.to_csv(text, index=False, lineterminator="\n")
    return text.getvalue()
