"""Results on disk: one JSON a cell with arrays beside it, one tidy results.csv, timings apart."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from safetensors.numpy import load_file

from hashbench.comparison import differences, seed_spread
from hashbench.errors import UserError
from hashbench.flags import Flag

NAMES = ("dataset", "hasher", "backbone", "bits", "attack", "victim", "protocol", "seed")
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
        content: dict[str, Any] = {"cell": self.names}
        content |= {name: getattr(self, name) for name in ("status", "reason", "rows", "flags", "made")}
        return json.dumps(content, sort_keys=True, indent=1)


@dataclass(frozen=True)
class Results:
    """A run's results, as reports get them and as they are read back."""

    run: dict[str, Any]
    """Configuration, command, versions, device."""
    cells: list[CellResult]

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
        columns = ("dataset", "protocol", "seed", "attack", "source", "victim")
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
        """Every pair of attacks of a table, compared over the same queries."""
        return differences(self.cells)

    @cached_property
    def seed_spread(self) -> pd.DataFrame:
        """A row per cell without its seed and metric, where several seeds were run."""
        return seed_spread(self.table)

    @classmethod
    def read(cls, out: Path) -> Results:
        """What a run wrote. Raises UserError where the folder holds no run."""
        file = out / "run.json"
        if not file.is_file():
            raise UserError(f"{out} holds no finished run (no run.json): give the --out folder of one.")
        run = json.loads(file.read_text(encoding="utf-8"))
        timings = _read_timings(out / "timings.csv")
        cells = []
        for slug in run["cells"]:
            content = json.loads((out / "cells" / f"{slug}.json").read_text(encoding="utf-8"))
            arrays = out / "cells" / f"{slug}.safetensors"
            names = content.pop("cell")
            cells.append(
                CellResult(
                    names,
                    slug=slug,
                    arrays=load_file(arrays) if arrays.is_file() else {},
                    timings=timings.get(tuple(str(names[name]) for name in NAMES), []),
                    **content,
                )
            )
        return cls(run, cells)


def csv_text(table: pd.DataFrame) -> str:
    """A table as CSV, numbers in their shortest exact form."""
    text = io.StringIO()
    table.to_csv(text, index=False, lineterminator="\n")
    return text.getvalue()


def _read_timings(file: Path) -> dict[tuple[str, ...], list[dict[str, Any]]]:
    found: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for row in pd.read_csv(file).astype(object).to_dict("records"):
        key = tuple(str(row[name]) for name in NAMES)
        kept = {name: None if pd.isna(row[name]) else row[name] for name in ("metric", "value", "low", "high")}
        found.setdefault(key, []).append(kept)
    return found
