"""Runs as they lie on disk: read, checked, and several of them joined."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import pandas as pd
from pydantic import BaseModel, ValidationError
from safetensors import SafetensorError
from safetensors.numpy import load_file

from hashbench.disk.files import read_json
from hashbench.errors import UserError
from hashbench.results.cell import COLUMNS, NAMES, SCHEMA, CellFile, CellResult, Measured
from hashbench.results.older import Hashers, brought_up, hashers_of
from hashbench.results.results import Results
from hashbench.results.run import RunFacts
from hashbench.results.setting import settings_of, shared
from hashbench.typing import Facts

_SLUG = re.compile(r"[\w-]{1,240}")
ENTRY, SELF_REPORTED = "entry.json", "self-reported"
"""An entry of hashbench submit is read as its sender's word."""
LARGEST = 1 << 28
"""Bytes of a result file."""
Model = TypeVar("Model", bound=BaseModel)
Timings = Mapping[tuple[str, ...], list[Measured]]


def read_results(*folders: Path) -> Results:
    """The results of runs from their folders. A cell that several of them hold is kept once, with all that any of them measured.

    Raises UserError where a folder holds no run.
    """
    folders = tuple({folder.resolve(): folder for folder in folders}.values())
    names = _run_names(folders)
    read = [_read_run(folder, name) for folder, name in zip(folders, names, strict=True)]
    kept: dict[tuple[object, ...], tuple[CellResult, str]] = {}
    for run, cells in read:
        for cell in cells:
            same = (cell.made.keys.images, *shared(cell)) if cell.made else (cell.status, cell.reason)
            key = (cell.at, *same)
            before = kept.get(key)
            kept[key] = (cell, run.name) if before is None else (_together(before[0], cell), before[1])
    return Results([run for run, _ in read], _told_apart(list(kept.values())))


def _together(first: CellResult, second: CellResult) -> CellResult:
    """One cell of two runs: what the first measured, and what only the second did."""

    def joined(ours: Sequence[Measured], theirs: Sequence[Measured]) -> tuple[Measured, ...]:
        there = {row.metric for row in ours}
        return (*ours, *(row for row in theirs if row.metric not in there))

    flags = (*first.flags, *(flag for flag in second.flags if flag not in first.flags))
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
        attacks = [cell.at.attack for cell in setting.cells]
        several |= {id(cell) for cell in setting.cells if attacks.count(cell.at.attack) > 1}
    return [replace(cell, run=runs[id(cell)]) if id(cell) in several else cell for cell, _ in kept]


def _read_run(folder: Path, name: str) -> tuple[RunFacts, list[CellResult]]:
    file = folder / "run.json"
    if not file.is_file():
        raise UserError(f"{folder} holds no finished run (no run.json): give the --out folder of one.")
    content = _read_json(file)
    slugs = content.get("cells")
    if not isinstance(slugs, list) or not all(isinstance(slug, str) and _SLUG.fullmatch(slug) for slug in slugs):
        raise UserError(f"{file} has no list of cells: it is no run of hashbench.")
    run = _checked(RunFacts, {"schema": 1} | content | {"name": name}, file)
    timings = _read_timings(folder / "timings.csv")
    files = {slug: _read_json(folder / "cells" / f"{slug}.json") for slug in run.cells}
    hashers = hashers_of(list(files.values()))
    cells = [_read_cell(folder / "cells", slug, content, timings, hashers, run) for slug, content in files.items()]
    sent = (folder / ENTRY).is_file()
    return run, [replace(cell, checked=SELF_REPORTED) for cell in cells] if sent else cells


def _read_json(file: Path) -> Facts:
    """An object of a schema that this version reads. Raises UserError."""
    content = read_json(file, "result of ours", LARGEST, damage="is damaged (no JSON), run the same command again")
    schema = content.get("schema", 1) if isinstance(content, dict) else None
    if type(schema) is not int or schema < 1:
        raise UserError(f"{file} is no result of hashbench.")
    if schema > SCHEMA:
        raise UserError(f"{file} has schema {schema}, and this hashbench reads up to {SCHEMA}: install a newer one.")
    return dict(content)


def _read_cell(folder: Path, slug: str, content: Facts, timings: Timings, hashers: Hashers, run: RunFacts) -> CellResult:
    file, arrays = folder / f"{slug}.json", folder / f"{slug}.safetensors"
    try:
        known = brought_up(content, hashers, run.config)
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
        raise UserError(f"{file} lacks {error}: it is no cell of hashbench; run the same command again.") from error
    cell = _checked(CellFile, known, file)
    names = tuple(str(value) for value in cell.at.columns.values())
    if not all(name.isprintable() for name in names):
        raise UserError(f"{file} has a name with characters that can't be printed: it is no cell of hashbench.")
    own = next((timings[known] for known in (names, names[:-1], names[:-2]) if known in timings), [])
    try:
        values = load_file(arrays) if arrays.is_file() else {}
    except (SafetensorError, OSError, ValueError) as error:
        raise UserError(f"{arrays} is damaged: run the same command again.") from error
    rows, flags = tuple(cell.rows), tuple(cell.flags)
    return CellResult(cell.at, cell.status, slug, cell.reason, rows, tuple(own), values, cell.made, flags, checked=cell.checked)


def _checked(kind: type[Model], content: Facts, file: Path) -> Model:
    """Raises UserError naming the first place that is not as it should be."""
    try:
        return kind.model_validate(content)
    except (ValidationError, RecursionError) as error:
        first = error.errors()[0] if isinstance(error, ValidationError) else {"loc": ("its nesting",), "msg": "too deep"}
        where = ".".join(str(part) for part in first["loc"])
        raise UserError(f"{file} is damaged ({where}: {first['msg']}): run the same command again.") from error


def _read_timings(file: Path) -> Timings:
    """Rows of timings.csv by the names of their cell; older files have `victim` for `target`, and some no epsilon or norm."""
    found: dict[tuple[str, ...], list[Measured]] = {}
    try:
        as_written = dict.fromkeys((*NAMES, "victim"), str)  # pandas before 3.1 rounds the last digit of a float it reads
        table = pd.read_csv(file, dtype=as_written).rename(columns={"victim": "target"})
        missing = [name for name in COLUMNS if name not in table and name not in ("epsilon", "norm")]
    except (OSError, ValueError) as error:
        raise UserError(f"{file} can't be read as a table of times: run the same command again.") from error
    if missing:
        raise UserError(f"{file} lacks the column {missing[0]}: run the same command again.")
    for row in table.astype(object).to_dict("records"):
        key = tuple(str(row[name]) for name in NAMES if name in row)
        kept = {name: None if pd.isna(row[name]) else row[name] for name in ("metric", "value", "low", "high")}
        found.setdefault(key, []).append(_checked(Measured, kept, file))
    return found
