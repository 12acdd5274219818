"""Results that are not as most are: galleries with options, sweeps of no number, suites without numbers, names that can't be printed."""

from __future__ import annotations

import importlib
import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
import synthetic
from helpers import SUITE, TINY, hashbench

from hashbench.api import Results, UserError, read_results
from hashbench.results.writing import write_results

queries = importlib.import_module("hashbench.reports.charts.queries")


def test_a_gallery_with_options_is_shown(tmp_path: Path) -> None:
    args = ["run", "--attack", "ifgsm[steps=2,aim=own]", *TINY, "--benchmark", "targeted,gallery[samples=2]", "--report", "html"]
    assert hashbench(*args, "--out", "out", "--store", "store", cwd=tmp_path).returncode == 0
    (cell,) = read_results(tmp_path / "out").cells
    assert cell.arrays["gallery/queries"].shape == (2,)
    page = (tmp_path / "out" / "report.html").read_text()
    assert page.count('class="case"') == 2
    assert "shares a class with the target" not in page and not re.search(r'alt="[^"]*, target', page), (
        "it leads away, to no target"
    )
    assert "no longer returns its likes." in page


def test_a_sweep_of_no_number_is_refused_and_the_tables_of_others_are_written(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(SUITE.replace('option = "reconstruction"', 'option = "aim"'))
    done = hashbench("suite", "run", "mine.toml", "--preset", "quick", "--dataset", TINY[1], "--out", "out", cwd=tmp_path)
    assert done.returncode == 2 and "sweeps 'aim', which is no number of prosgan" in done.stderr and "Traceback" not in done.stderr
    done = hashbench("report", "out", "--report", "csv", "-o", "tables", cwd=tmp_path)
    assert done.returncode == 0 and list((tmp_path / "tables").rglob("cells.csv")), done.stderr


def test_a_name_that_can_not_be_printed_is_no_result(tmp_path: Path) -> None:
    write_results(synthetic.results(attacks=("fgsm",), bits=(16,)), tmp_path)
    (file,) = (tmp_path / "cells").glob("*.json")
    content = json.loads(file.read_text())
    content["at"]["attack"] = "fgsm\u0001"
    file.write_text(json.dumps(content))
    with pytest.raises(UserError, match="characters that can't be printed"):
        read_results(tmp_path)


def test_two_limits_of_questions_make_one_curve() -> None:
    results = synthetic.results(attacks=("square[queries=2000]", "square[queries=500]"), bits=(16,))
    points = {}
    for cell, readings in zip(results.cells, ((500, 2000), (500,)), strict=True):
        rows = tuple(cell.rows[0].model_copy(update={"metric": f"t_map_at_{reading}", "value": 0.5}) for reading in readings)
        assert cell.made is not None
        told = cell.made.options | {"attack": {"answer": "code"}}
        made = cell.made.model_copy(update={"options": told})
        points[cell.label] = replace(cell, rows=(*cell.rows, *rows), made=made)
    assert {queries._name(cell) for cell in points.values()} == {"square"}
    charts = queries.given_away(Results(results.runs, list(points.values())))
    assert charts
    seen = {
        tuple(line.get_xdata())
        for line in charts[-1].figure(importlib.import_module("hashbench.reports.charts.look").PAGE).axes[0].lines
    }
    assert any(max(across) == 2000 for across in seen), seen
    assert {queries._name(replace(cell, run="a")) for cell in points.values()} == {"square (a)"}
