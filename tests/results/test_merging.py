"""Several runs read together: each cell once, versions told apart, nothing lost."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
import synthetic
from helpers import at, hashbench

from hashbench.api import CellResult, Results, Shown
from hashbench.results.reading import read_results
from hashbench.results.writing import write_results


def write(results: Results, out: Path) -> Path:
    write_results(results, out)
    return out


def another_version(results: Results) -> Results:
    """The same cells with other images of dhta."""
    cells = []
    for cell in results.cells:
        if cell.at.attack == "dhta":
            assert cell.made is not None
            made = cell.made.model_copy(update={"keys": cell.made.keys.model_copy(update={"images": "other"})})
            arrays = {**cell.arrays, "per_query/t_map": cell.arrays["per_query/t_map"] + 0.1}
            cell = dataclasses.replace(cell, made=made, arrays=arrays)
        cells.append(cell)
    return Results(results.runs, cells)


def test_a_cell_that_several_runs_hold_is_kept_once_with_all_that_was_measured(tmp_path: Path) -> None:
    whole = synthetic.results(bits=(16,))
    first = [dataclasses.replace(cell, timings=(), rows=tuple(r for r in cell.rows if r.metric != "rms")) for cell in whole.cells]
    one, two = write(Results(whole.runs, first), tmp_path / "one"), write(whole, tmp_path / "two")
    for order in ((one, two), (two, one)):
        read = read_results(*order)
        assert [cell.label for cell in read.cells] == list(synthetic.ATTACKS)
        for cell, stored in zip(read.cells, whole.cells, strict=True):
            assert cell.value("rms") == stored.value("rms") and {row.metric for row in cell.timings} >= {"seconds_per_image"}
    assert len(read_results(one, one).runs) == 1


def test_versions_of_an_attack_stand_beside_each_other_by_their_runs_and_no_version_twice(tmp_path: Path) -> None:
    results = synthetic.results(bits=(16,))
    outs = [
        write(results, tmp_path / "a"),
        write(another_version(results), tmp_path / "b"),
        write(another_version(results), tmp_path / "c"),
    ]
    read = read_results(*outs)
    assert [cell.label for cell in read.cells if cell.at.attack == "dhta"] == ["dhta (a)", "dhta (b)"]
    (setting,) = read.settings
    assert len(setting.cells) == 5
    first, second = (cell for cell in setting.cells if cell.at.attack == "dhta")
    gap = setting.difference(second, first)
    assert gap is not None and np.allclose(gap, 0.1)
    for table in ("by-bits", "attacks", "cells"):
        shown = hashbench("table", table, *map(str, outs)).stdout
        assert "dhta (a)" in shown and "dhta (b)" in shown and "dhta (c)" not in shown
    refused = hashbench("table", "figure2", *map(str, outs))
    assert refused.returncode == 2
    refused = hashbench("table", "table1", *map(str, outs[:2]))
    assert refused.returncode == 2 and "several results of dhta in one setting: give one of them at a time" in refused.stderr


def test_runs_of_one_name_are_told_apart_by_their_paths(tmp_path: Path) -> None:
    results = synthetic.results(bits=(16,))
    outs = [write(results, tmp_path / "a" / "out"), write(another_version(results), tmp_path / "b" / "out")]
    labels = [cell.label for cell in read_results(*outs).cells if cell.at.attack == "dhta"]
    assert labels == [f"dhta ({out})" for out in outs]


@pytest.mark.parametrize("turned", [False, True])
def test_a_failure_beside_a_number_is_shown_and_hides_nothing(turned: bool, tmp_path: Path) -> None:
    results = synthetic.results(bits=(16,))
    failed = [CellResult(cell.at, "error", cell.slug, reason="x\nRuntimeError: boom") for cell in results.cells]
    outs = [write(results, tmp_path / "good"), write(Results(results.runs, failed), tmp_path / "bad")]
    read = read_results(*(outs[::-1] if turned else outs))
    (setting,) = read.settings
    assert {cell.label for cell in setting.done} == {f"{attack} (good)" for attack in synthetic.ATTACKS}
    assert sum(cell.status == "error" for cell in setting.cells) == 4
    assert len(read_results(outs[1], outs[1]).cells) == 4


def test_a_cause_is_the_exception_with_the_first_line_of_its_message() -> None:
    traceback = (
        'Traceback (most recent call last):\n  File "a.py", line 1, in f\n    boom()\nRuntimeError: CUDA error\n\nCompile with X.'
    )
    assert CellResult(at("x"), "error", "x", reason=traceback).cause == "RuntimeError: CUDA error"
    assert CellResult(at("x"), "skipped", "x", reason="it can't run.").cause == "it can't run."
    assert CellResult(at("x"), "error", "x").cause == "error"


@pytest.mark.parametrize(
    "suite",
    [{"name": "../../evil"}, {"name": "x/y"}, {"show": 1}, {"cells": None}, {"attacks": []}],
)
def test_a_suite_in_a_run_is_checked(suite: dict[str, object], tmp_path: Path) -> None:
    out = write(synthetic.results(bits=(16,)), tmp_path / "out")
    run = json.loads((out / "run.json").read_text())
    whole = {"name": "mine", "title": "x", "about": "x", "note": "", "attacks": {}, "show": [], "cells": []}
    (out / "run.json").write_text(json.dumps(run | {"suites": [whole]}))
    assert hashbench("report", str(out)).returncode == 0
    (out / "run.json").write_text(json.dumps(run | {"suites": [whole | suite]}))
    done = hashbench("report", str(out), "--report", "csv")
    assert done.returncode == 2 and "is damaged" in done.stderr


def test_suites_of_several_runs_become_one(tmp_path: Path) -> None:
    show = [{"kind": "rows", "rows": [{"label": "DHTA", "attack": "dhta", "metric": "t_map"}]}]
    suite = {"name": "mine", "title": "Mine", "about": "x", "note": "", "attacks": {"dhta": "dhta"}, "show": show}
    outs = []
    for seed in (0, 1):
        results = synthetic.results(bits=(16,), seeds=(seed,))
        shown = Shown.model_validate(suite | {"cells": [cell.slug for cell in results.cells]})
        run = results.runs[0].model_copy(update={"suites": [shown]})
        outs.append(write(Results([run], results.cells), tmp_path / f"seed{seed}"))
    shown = hashbench("table", "mine", *map(str, outs), "--format", "csv")
    assert shown.returncode == 0 and "seed 0" in shown.stdout and "seed 1" in shown.stdout, shown.stderr


def test_a_hasher_that_another_processor_trained_otherwise_is_another_setting(tmp_path: Path) -> None:
    results = synthetic.results(bits=(16,))
    outs = []
    for name, codes in (("here", "a"), ("there", "b"), ("here-again", "a")):
        cells = []
        for cell in results.cells:
            assert cell.made is not None
            cells.append(dataclasses.replace(cell, made=cell.made.model_copy(update={"codes": codes})))
        outs.append(write(Results(results.runs, cells), tmp_path / name))
    read = read_results(*outs)
    assert [len(setting.cells) for setting in read.settings] == [len(results.cells)] * 2, "two hashers, each cell of one once"
    assert {cell.made.codes for cell in read.settings[0].cells if cell.made} == {"a"}
