"""The contract of a report."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np

from hashbench.contracts.report import Report
from hashbench.results.cell import CellResult, Coordinates, HasherName, Measured
from hashbench.results.provenance import Provenance
from hashbench.results.results import Results
from hashbench.results.run import RunFacts
from hashbench.testing.finding import Finding, Trial, try_options

_EVIL = "<script>alert(1)</script>"


def small_results() -> Results:
    """A run of one cell with a number and one without, whose attacks have names that HTML must escape."""
    made = {
        "options": {"attack": {"aim": _EVIL}, "hasher": {}, "backbone": {}, "dataset": {}},
        "plugins": {"attack": {"about": _EVIL, "paper": _EVIL, "access": "none"}},
        "protocol": {"name": "x", "version": 1, "zero_relevance": "drop"},
        "targets": {"queries": 4, "sha256": "x"},
        "data": {"identity": "x", "database_rows": 9, "class_names": [_EVIL], "content": "x", "image_size": 8},
        "hasher": {"training": _EVIL},
        "keys": {"hasher": "x", "images": "x"},
        "budget": {"norm": "linf", "epsilon": 8 / 255},
        "batch_size": 64,
    }
    values = np.array([0.1, 0.4, 0.2, 0.3])
    row = Measured(metric="t_map", value=float(values.mean()), low=0.15, high=0.35)
    provenance = Provenance.model_validate(made)
    cells = [
        CellResult(_at(f"{_EVIL}1"), "ok", "x-1", rows=(row,), arrays={"per_query/t_map": values}, made=provenance),
        CellResult(_at(_EVIL), "error", "x-2", reason=f"RuntimeError: {_EVIL}"),
    ]
    show = {"kind": "rows", "rows": [{"label": _EVIL, "attack": "evil", "metric": "t_map"}]}
    slugs = [cell.slug for cell in cells]
    run = {
        "name": "x",
        "command": f"hashbench run --attack '{_EVIL}'",
        "config": {"attacks": [_EVIL], "suite": "x", "preset": "quick"},
        "suites": [{"name": "x", "title": _EVIL, "about": "x", "attacks": {"evil": _EVIL}, "show": [show], "cells": slugs}],
        "cells": slugs,
        "device": "CPU",
        "threads": 1,
    }
    return Results([RunFacts.model_validate(run)], cells)


def _at(attack: str) -> Coordinates:
    hasher = HasherName(hasher="x", backbone="x", bits=8)
    return Coordinates(dataset="x", source=hasher, attack=attack, target=hasher, protocol="x", seed=0, epsilon=8 / 255)


def report_findings(report: Report) -> list[Finding]:
    """Every rule that `report` breaks; empty for a sound one."""
    trial = Trial(report)
    try_options(trial)
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "out"
        out.mkdir()
        files: list[Path] = []
        with trial.rule("render", "write its files into `out` and return them, also where cells have no number") as expect:
            files = report.render(small_results(), out)
            expect(bool(files) and all(file.is_file() for file in files), "it returns no file, or one that is not there")
            expect(all(out in file.parents for file in files), "it writes outside the folder it is given")
        pages = [file.read_text(encoding="utf-8") for file in files if file.suffix in (".html", ".svg")]
        with trial.rule("escaping", "escape every name: Jinja2 with autoescape=True") as expect:
            expect(all(_EVIL not in page for page in pages), "a name with a script tag stands in the page as it is")
        with trial.rule("self-contained", "put everything into the file: inline CSS and SVG, images as data") as expect:
            expect(
                all('src="http' not in page and "@import" not in page for page in pages), "the page loads something from elsewhere"
            )
    return trial.findings
