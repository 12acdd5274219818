"""Results on disk: one JSON a cell with arrays beside it, one tidy results.csv, timings apart."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from safetensors import SafetensorError
from safetensors.numpy import load_file

from hashbench.comparison import differences, seed_spread
from hashbench.configure import fraction
from hashbench.errors import UserError
from hashbench.files import read_json
from hashbench.flags import Flag
from hashbench.settings import Setting, settings_of, shared

_SLUG = re.compile(r"[\w-]{1,240}")
_FILE = re.compile(r"[^/\\\0]{1,200}")
NAMES = ("dataset", "hasher", "backbone", "bits", "attack", "victim", "protocol", "seed", "epsilon")
SCHEMA = 3
"""Of a cell's file and of run.json. 1 had no number, and no `environment` in `made`; 2 no `epsilon` among the names, and no
`plugins` in `made`. Every released one stays readable."""
LARGEST = 1 << 28
"""Bytes of a result file."""
_UNRECORDED: dict[str, Any] = {
    "command": "",
    "config": {},
    "versions": {},
    "device": "not recorded",
    "threads": "not recorded",
    "suites": [],
}
"""What a run.json may lack."""
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

    @classmethod
    def read(cls, *folders: Path) -> Results:
        """What runs wrote. A cell that several of them hold is kept once, with all that any of them measured.

        Raises UserError where a folder holds no run.
        """
        folders = tuple({folder.resolve(): folder for folder in folders}.values())
        names = _run_names(folders)
        read = [_read_run(folder, name) for folder, name in zip(folders, names, strict=True)]
        kept: dict[tuple[Any, ...], tuple[CellResult, str]] = {}
        for run, cells in read:
            for cell in cells:
                same = (cell.made["keys"]["images"], *shared(cell)) if cell.made else (cell.status, cell.reason)
                key = (*cell.names.values(), *same)
                before = kept.get(key)
                kept[key] = (cell, str(run["name"])) if before is None else (_together(before[0], cell), before[1])
        return cls([run for run, _ in read], _told_apart(list(kept.values())))


def _together(first: CellResult, second: CellResult) -> CellResult:
    """One cell of two runs: what the first measured, and what only the second did."""

    def joined(ours: list[dict[str, Any]], theirs: list[dict[str, Any]]) -> list[dict[str, Any]]:
        there = {row["metric"] for row in ours}
        return [*ours, *(row for row in theirs if row["metric"] not in there)]

    flags = [*first.flags, *(flag for flag in second.flags if flag not in first.flags)]
    rows, timings = joined(first.rows, second.rows), joined(first.timings, second.timings)
    return replace(first, rows=rows, timings=timings, arrays={**second.arrays, **first.arrays}, flags=flags)


def _run_names(folders: Sequence[Path]) -> list[str]:
    """The folders' names; with as much of their paths before them as tells them apart."""
    paths = [folder.resolve() for folder in folders]
    names = [path.name for path in paths]
    return [str(path) if names.count(name) > 1 else name for path, name in zip(paths, names, strict=True)]


def _told_apart(kept: Sequence[tuple[CellResult, str]]) -> list[CellResult]:
    """The cells; those that one setting holds several of for one attack get their run's name."""
    runs = {id(cell): run for cell, run in kept}
    several: set[int] = set()
    for setting in settings_of(cell for cell, _ in kept):
        attacks = [cell.names["attack"] for cell in setting.cells]
        several |= {id(cell) for cell in setting.cells if attacks.count(cell.names["attack"]) > 1}
    return [replace(cell, run=runs[id(cell)]) if id(cell) in several else cell for cell, _ in kept]


def _read_run(folder: Path, name: str) -> tuple[dict[str, Any], list[CellResult]]:
    file = folder / "run.json"
    if not file.is_file():
        raise UserError(f"{folder} holds no finished run (no run.json): give the --out folder of one.")
    run = _UNRECORDED | _read_json(file) | {"name": name}
    if not _whole(run):
        raise UserError(f"{file} is damaged: run the same command again.")
    timings = _read_timings(folder / "timings.csv")
    slugs = run.get("cells")
    if not isinstance(slugs, list) or not all(isinstance(slug, str) and _SLUG.fullmatch(slug) for slug in slugs):
        raise UserError(f"{file} has no list of cells: it is no run of hashbench.")
    return run, [_read_cell(folder / "cells", slug, timings, run) for slug in slugs]


def _whole(run: Mapping[str, Any]) -> bool:
    """Whether what pages read from a run is of the kinds they expect."""
    suites = run["suites"]
    if not isinstance(run["config"], dict) or not isinstance(run["versions"], dict) or not isinstance(suites, list):
        return False
    return all(isinstance(suite, dict) and _whole_suite(suite) for suite in suites)


def _whole_suite(suite: Mapping[str, Any]) -> bool:
    texts = all(isinstance(suite.get(name), str) for name in ("name", "title", "about", "note"))
    lists = all(isinstance(suite.get(name), list) for name in ("show", "cells"))
    return texts and lists and isinstance(suite.get("attacks"), dict) and bool(_FILE.fullmatch(suite["name"]))


def _read_json(file: Path) -> dict[str, Any]:
    """An object of a schema that this version reads. Raises UserError."""
    content = read_json(file, "result of ours", LARGEST, damage="is damaged (no JSON), run the same command again")
    schema = content.get("schema", 1) if isinstance(content, dict) else None
    if type(schema) is not int or schema < 1:
        raise UserError(f"{file} is no result of hashbench.")
    if schema > SCHEMA:
        raise UserError(f"{file} has schema {schema}, and this hashbench reads up to {SCHEMA}: install a newer one.")
    return dict(content)


def _read_cell(
    folder: Path, slug: str, timings: Mapping[tuple[str, ...], list[dict[str, Any]]], run: Mapping[str, Any]
) -> CellResult:
    file, arrays = folder / f"{slug}.json", folder / f"{slug}.safetensors"
    content = _read_json(file)
    try:
        given = content["cell"]
        if content.get("schema", 1) < 3:
            given = given | {"epsilon": _budget(content, run)}
        names = {name: given[name] for name in NAMES}
        known = {name: content[name] for name in ("status", "reason", "rows", "flags", "made")}
        own = timings.get(tuple(str(content["cell"].get(name)) for name in NAMES), [])
        return CellResult(names, slug=slug, arrays=load_file(arrays) if arrays.is_file() else {}, timings=own, **known)
    except (KeyError, TypeError, AttributeError) as error:
        raise UserError(f"{file} lacks {error}: it is no cell of hashbench; run the same command again.") from error
    except (SafetensorError, OSError, ValueError) as error:
        raise UserError(f"{arrays} is damaged: run the same command again.") from error


def _budget(content: Mapping[str, Any], run: Mapping[str, Any]) -> float:
    """epsilon where a schema had it apart from the names: of the cell, or of the run where the cell has no number."""
    budget = content["made"].get("budget")
    return float(budget["epsilon"]) if budget else fraction(str(run.get("config", {}).get("epsilon", "8/255")), "epsilon")


def csv_text(table: pd.DataFrame) -> str:
    """A table as CSV, numbers in their shortest exact form."""
    text = io.StringIO()
    table.to_csv(text, index=False, lineterminator="\n")
    return text.getvalue()


def _read_timings(file: Path) -> dict[tuple[str, ...], list[dict[str, Any]]]:
    found: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    try:
        table = pd.read_csv(file)
        missing = [name for name in COLUMNS if name not in table and name != "epsilon"]
    except (OSError, ValueError) as error:
        raise UserError(f"{file} can't be read as a table of times: run the same command again.") from error
    if missing:
        raise UserError(f"{file} lacks the column {missing[0]}: run the same command again.")
    for row in table.astype(object).to_dict("records"):
        key = tuple(str(row.get(name)) for name in NAMES)
        kept = {name: None if pd.isna(row[name]) else row[name] for name in ("metric", "value", "low", "high")}
        found.setdefault(key, []).append(kept)
    return found
