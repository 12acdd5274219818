"""What a suite shows, built from its cells: tables, transfer matrices, curves, galleries, sweeps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from hashbench.api import CellResult, Results

from .figures import curves
from .matrices import matrix
from .published import published
from .view import gallery, retrieval_curves

COLUMN = ("dataset", "hasher", "backbone", "bits", "protocol", "seed")
UNITS = {"t_map": ("t-MAP", 3), "rms": ("RMS", 4), "seconds_per_image": ("s / image", 4)}


def layout(suite: Mapping[str, Any], show: Mapping[str, Any], results: Results) -> dict[str, Any]:
    """One table or figure of a suite, ready for the template. Cells without a number keep their place, with the reason."""
    wanted = set(suite["cells"])
    cells = [cell for cell in results.cells if cell.slug in wanted]
    rows = [{**row, "attack": suite["attacks"].get(row.get("attack"), None)} for row in show["rows"] if _there(row, suite)]
    build = {"rows": _rows, "measures": _measures, "matrix": _matrix, "curves": _curves, "retrieved": _retrieved, "sweep": _sweep}
    return {"kind": show["kind"], **build[show["kind"]](rows, cells, show)}


def _there(row: Mapping[str, Any], suite: Mapping[str, Any]) -> bool:
    return "attack" not in row or row["attack"] in suite["attacks"]


def _columns(cells: Sequence[CellResult]) -> dict[tuple[Any, ...], list[CellResult]]:
    """White-box cells by what a column of the paper's tables stands for."""
    found: dict[tuple[Any, ...], list[CellResult]] = {}
    for cell in cells:
        if cell.white_box:
            found.setdefault(tuple(cell.names[name] for name in COLUMN), []).append(cell)
    return found


def _headings(columns: Sequence[tuple[Any, ...]]) -> list[str]:
    """What tells columns apart; bits always."""
    varying = [i for i, name in enumerate(COLUMN) if name == "bits" or len({column[i] for column in columns}) > 1]
    return [" ".join(f"{column[i]} bits" if COLUMN[i] == "bits" else str(column[i]) for i in varying) for column in columns]


def _number(cells: Sequence[CellResult], attack: str | None, metric: str) -> dict[str, Any]:
    """A metric of the cell of an attack (of any for None): its row, the paper's number, or why there is none."""
    for cell in cells:
        if cell.names["attack"] != attack if attack is not None else cell.status != "ok":
            continue
        if cell.status != "ok":
            return {"row": None, "why": f"{cell.status}: {cell.reason.strip().splitlines()[-1]}"}
        row = next((row for row in (*cell.rows, *cell.timings) if row["metric"] == metric), None)
        if row is None and attack is None:
            continue
        paper = published(cell, metric)
        timed = metric == "seconds_per_image"
        gap = None if paper is None or row is None or row["value"] is None or timed else row["value"] - paper
        return {"row": row, "paper": paper, "gap": gap, "why": "" if row else f"no {metric}"}
    return {"row": None, "why": "not run"}


def _rows(rows: Sequence[Mapping[str, Any]], cells: Sequence[CellResult], show: Mapping[str, Any]) -> dict[str, Any]:
    columns = _columns(cells)
    lines = [
        {"label": row["label"], "numbers": [_number(column, row["attack"], row["metric"]) for column in columns.values()]}
        for row in rows
    ]
    return {"headings": _headings(list(columns)), "lines": lines, "digits": [3] * len(columns)}


def _measures(rows: Sequence[Mapping[str, Any]], cells: Sequence[CellResult], show: Mapping[str, Any]) -> dict[str, Any]:
    columns, measures = _columns(cells), show["measures"]
    heads = _headings(list(columns))
    asked = [(column, measure) for column in columns.values() for measure in measures]
    lines = [
        {"label": row["label"], "numbers": [_number(column, row["attack"], measure) for column, measure in asked]} for row in rows
    ]
    names = [f"{head}: {UNITS[m][0]}" for head in heads for m in measures]
    return {"headings": names, "lines": lines, "digits": [UNITS[m][1] for _ in heads for m in measures]}


def _matrix(rows: Sequence[Mapping[str, Any]], cells: Sequence[CellResult], show: Mapping[str, Any]) -> dict[str, Any]:
    figures = []
    for row in rows:
        groups: dict[tuple[Any, ...], list[CellResult]] = {}
        for cell in cells:
            if cell.names["attack"] == row["attack"]:
                groups.setdefault(tuple(cell.names[name] for name in ("dataset", "protocol", "seed")), []).append(cell)
        figures += [matrix(row["label"], group) for group in groups.values()]
    return {"figures": figures}


def _curves(rows: Sequence[Mapping[str, Any]], cells: Sequence[CellResult], show: Mapping[str, Any]) -> dict[str, Any]:
    labels = {row["attack"]: row["label"] for row in rows}
    figures = []
    for key, column in _columns(cells).items():
        picked = {labels[cell.names["attack"]]: cell for cell in column if cell.names["attack"] in labels and cell.status == "ok"}
        figures += retrieval_curves(picked, ", ".join(str(part) for part in key))
    return {"figures": figures}


def _retrieved(rows: Sequence[Mapping[str, Any]], cells: Sequence[CellResult], show: Mapping[str, Any]) -> dict[str, Any]:
    wanted = {row["attack"] for row in rows}
    picked = [cell for cell in cells if cell.white_box and cell.status == "ok" and cell.names["attack"] in wanted]
    return {"samples": [sample for cell in picked for sample in gallery(cell)]}


def _sweep(rows: Sequence[Mapping[str, Any]], cells: Sequence[CellResult], show: Mapping[str, Any]) -> dict[str, Any]:
    """Measures over the values of one option of an attack, a line a column of the table; and the same numbers as a table."""
    option, measures = show["option"], show["measures"]
    attacks = {row["attack"] for row in rows}
    lines: list[dict[str, Any]] = []
    drawn: dict[str, dict[str, tuple[np.ndarray, np.ndarray]]] = {measure: {} for measure in measures}
    columns = _columns(cells)
    for head, column in zip(_headings(list(columns)), columns.values(), strict=True):
        done = [cell for cell in column if cell.names["attack"] in attacks and cell.status == "ok"]
        done.sort(key=lambda cell: float(cell.made["options"]["attack"][option]))
        values = [float(cell.made["options"]["attack"][option]) for cell in done]
        lines += [
            {"label": f"{option} {value:g}, {head}", "numbers": [_number([cell], cell.names["attack"], m) for m in measures]}
            for value, cell in zip(values, done, strict=True)
        ]
        for measure in measures:
            drawn[measure][head] = (np.array(values), np.array([cell.value(measure) for cell in done], dtype=np.float64))
    figures = [curves(f"{UNITS[m][0]} by {option}", option, option, UNITS[m][0], drawn[m], log=True) for m in measures if lines]
    return {
        "headings": [UNITS[m][0] for m in measures],
        "lines": lines,
        "digits": [UNITS[m][1] for m in measures],
        "figures": figures,
    }
