"""Runs as they lie on disk: read, checked, and several of them joined."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
from safetensors import SafetensorError
from safetensors.numpy import load_file

from hashbench.configure import fraction
from hashbench.errors import UserError
from hashbench.files import read_json
from hashbench.results import COLUMNS, NAMES, SCHEMA, CellResult, Results
from hashbench.settings import settings_of, shared

_SLUG = re.compile(r"[\w-]{1,240}")
_FILE = re.compile(r"[^/\\\0]{1,200}")
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


def read_results(*folders: Path) -> Results:
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
    return Results([run for run, _ in read], _told_apart(list(kept.values())))


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
    return float(budget["epsilon"]) if budget else fraction(str(run["config"].get("epsilon", "8/255")), "epsilon")


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
