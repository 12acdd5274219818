"""The results that ship, the scripts that make them, and the page of the paper's claims."""

from __future__ import annotations

import importlib.util
import re
import sys
import tomllib
from dataclasses import replace
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import synthetic
from helpers import hashbench

from hashbench.results.cell import Measured
from hashbench.results.reading import read_results
from hashbench.results.results import Results
from hashbench.results.run import Shown

SHIPPED = Path(__file__).parents[2] / "results"
FOLDERS = sorted(file.parent for file in SHIPPED.rglob("run.json"))


def script(name: str) -> ModuleType:
    loader = SourceFileLoader(f"results_{name}", str(SHIPPED / name))
    spec = importlib.util.spec_from_loader(loader.name, loader)
    assert spec is not None
    module = sys.modules[loader.name] = importlib.util.module_from_spec(spec)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "dont_write_bytecode", True)  # results/*/ are runs, all of them
        loader.exec_module(module)
    return module


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_a_shipped_run_is_whole_small_and_of_no_machine(folder: Path) -> None:
    runs = tomllib.loads((SHIPPED / "runs.toml").read_text())
    name, _, seed = folder.name.rpartition("-")
    assert folder.parent == SHIPPED, "a folder lies where pages are made from"
    assert int(seed) in runs[name]["seeds"]
    results = read_results(folder)
    assert [cell.slug for cell in results.cells] == results.runs[0].cells
    assert {file.stem for file in (folder / "cells").iterdir()} == set(results.runs[0].cells), "a cell of another time lies there"
    assert re.fullmatch("[0-9a-f]{40}", results.runs[0].versions["commit"]), "not made of a commit as it is"
    for cell in results.cells:
        assert all(array.nbytes <= 100_000 for array in cell.arrays.values())
        assert cell.status != "ok" or any(name.startswith("per_query/") for name in cell.arrays)
        assert cell.at.dataset.partition("[")[0] == "shapes" or not any(name.startswith("gallery/") for name in cell.arrays)
    for file in folder.rglob("*.json"):
        assert not re.search(r'"/(home|root|tmp|work|Users)\b', file.read_text()), file


@pytest.mark.slow
def test_a_shipped_cell_is_made_again(tmp_path: Path) -> None:
    (shipped,) = [cell for cell in read_results(SHIPPED / "quickstart-shapes-0").cells if cell.at.attack == "fgsm"]
    runs = tomllib.loads((SHIPPED / "runs.toml").read_text())
    command, _, _ = runs["quickstart-shapes"]["command"].rpartition(" ")
    done = hashbench(*command.split(), "fgsm", "--seed", "0", "--out", str(tmp_path / "run"), "--store", str(tmp_path / "store"))
    assert done.returncode == 0, done.stderr
    (again,) = read_results(tmp_path / "run").cells
    assert again.at == shipped.at and again.made is not None and shipped.made is not None
    assert again.made.targets.sha256 == shipped.made.targets.sha256 and again.made.data.content == shipped.made.data.content
    for row in shipped.rows:  # another processor may turn a bit
        assert again.value(row.metric) == pytest.approx(row.value, rel=0.02, abs=0.005), row.metric


def test_the_page_of_the_papers_claims_is_what_its_script_writes() -> None:
    assert (SHIPPED.parent / "docs" / "paper.md").read_text(encoding="utf-8") == script("paper").page()


def test_a_claim_holds_only_where_every_interval_is_on_its_side() -> None:
    module = script("paper")

    def verdict(kind: str, *ends: tuple[float | None, float | None], margin: float = 0.0) -> str:
        seen = [module.Seen("", 0.15 if low is None else (low + high) / 2, low, high) for low, high in ends]  # type: ignore[operator]
        return str(module._verdict(seen, {"kind": kind, "margin": margin}))

    assert verdict("ahead", (0.1, 0.2), (0.01, 0.3)) == "holds"
    assert verdict("ahead", (0.1, 0.2), (-0.1, 0.3)) == "holds in part"
    assert verdict("ahead", (0.1, 0.2), (-0.3, -0.1), (-0.3, -0.1)) == "mixed"
    assert verdict("ahead", (-0.1, 0.2)) == "can't be told here"
    assert verdict("ahead", (-0.2, -0.1), (-0.1, 0.1)) == "does not"
    assert verdict("level", (-0.2, 0.005), (-0.3, -0.1), margin=0.01) == "holds"
    assert verdict("level", (-0.5, 0.9), margin=0.01) == "can't be told here"
    assert verdict("level", (0.1, 0.2), margin=0.01) == "does not"
    assert verdict("ahead", (None, None)) == "so timed" and verdict("ahead", (None, None), margin=0.2) == "not so timed"
    assert verdict("ahead") == "not run"


CLAIM = {"kind": "ahead", "first": "prosgan.t_map", "second": "dhta.t_map", "suites": ["table1"]}
ATTACKS = {"prosgan": "ifgsm[steps=50]", "dhta": "dhta"}


def seen(claim: dict[str, Any], results: Results, suite: str = "table1") -> list[Any]:
    """What the page would show of a claim about a suite of all the cells of a run."""
    shown = Shown(name="table1", title="", about="", attacks=ATTACKS, show=[], cells=[cell.slug for cell in results.cells])
    facts = results.runs[0].model_copy(update={"suites": [shown]})
    return list(script("paper")._seen(Results([facts], results.cells), suite, claim))


def test_a_claims_difference_is_that_of_the_runs_cells() -> None:
    results = synthetic.results(bits=(16, 32), transfer=True)
    found = seen(CLAIM, results)
    assert [one.where for one in found] == ["16 bits", "32 bits"]
    for one, setting in zip(found, results.white_box, strict=True):
        first, second = (next(c for c in setting.done if c.at.attack == name) for name in ATTACKS.values())
        assert (one.value, one.low, one.high) == setting.difference(first, second)
    assert seen(CLAIM | {"across": True}, results) == [], "these hashers have one backbone"
    assert seen(CLAIM, results, "table2") == []


def test_a_difference_of_rms_is_of_the_roots_and_one_of_times_has_no_interval() -> None:
    results = synthetic.results(bits=(16,))
    rng = np.random.default_rng(0)
    cells = []
    for cell in results.cells:
        squares = rng.uniform(1e-4, 9e-4, synthetic.QUERIES)
        rms = Measured(metric="rms", value=float(np.sqrt(squares.mean())))
        rows = tuple(rms if row.metric == "rms" else row for row in cell.rows)
        cells.append(replace(cell, rows=rows, arrays=cell.arrays | {"per_query/rms": squares}))
    first, second = (next(c for c in cells if c.at.attack == name) for name in ATTACKS.values())
    (one,) = seen(CLAIM | {"first": "prosgan.rms", "second": "dhta.rms"}, Results(results.runs, cells))
    assert one.value == pytest.approx((first.value("rms") or 0) - (second.value("rms") or 0))
    assert one.low < one.value < one.high
    (timed,) = seen(CLAIM | {"first": "prosgan.seconds_per_image", "second": "dhta.seconds_per_image"}, results)
    assert (timed.low, timed.high) == (None, None)


@pytest.mark.parametrize(
    ("claim", "text"),
    [
        ({"suites": ["table2"]}, "+0.026 to +0.084"),  # 78.25 - 75.65, 71.65 - 63.22
        (
            {"suites": ["table2"], "first": "fgsm.rms", "second": "ifgsm.rms"},
            "+0.520 to +0.600 (RMS ×100)",
        ),  # 3.09 - 2.57, 3.06 - 2.46
        ({"suites": ["table3"], "across": True}, "+0.043 to +0.106"),
        ({"suites": ["table3"], "across": True, "first": "dhta.t_map", "second": "dhta.t_map_clean"}, "-0.012 to +0.014"),
        (
            {"suites": ["table1"], "first": "noise.t_map", "second": "noise.t_map_clean"},
            "-0.013 to +0.000",
        ),  # 54.23 - 55.51, 42.33 - 42.33
        ({"suites": ["figure4a"], "second": "gan.t_map"}, "in words or pictures"),
    ],
)
def test_the_papers_own_differences_are_of_its_tables(claim: dict[str, Any], text: str) -> None:
    assert script("paper")._paper(CLAIM | claim) == text


def test_runs_are_made_for_each_seed_and_only_what_is_small_ships(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module = script("make")
    monkeypatch.setattr(module, "HERE", tmp_path)
    monkeypatch.setenv("HASHBENCH_HOME", str(tmp_path / "store"))
    small = "--dataset shapes[train=64,database=128,queries=8] --backbone convnet[width=8,warmup_epochs=1] --attack noise"
    (tmp_path / "runs.toml").write_text(f'[one]\nabout = "x"\nseeds = [0, 1]\nimages = true\ncommand = "run {small}"\n')
    old = tmp_path / "one-1" / "cells" / "old.json"
    old.parent.mkdir(parents=True)
    old.touch()
    monkeypatch.setattr("sys.argv", ["make", "one-1"])
    module.main()
    assert not old.exists() and re.match("[0-9a-f]{40}", read_results(tmp_path / "one-1").runs[0].versions["commit"])
    assert not (tmp_path / "one-0").exists()
    (cell,) = read_results(tmp_path / "one-1").cells
    assert cell.at.seed == 1 and {name.partition("/")[0] for name in cell.arrays} == {"per_query"}, "pictures are of seed 0"
    head, line = (tmp_path / "costs.csv").read_text().splitlines()
    name, cells, stages, minutes = line.split(",")
    assert (name, cells) == ("one-1", "1") and int(stages) > 5 and float(minutes) >= 0
    (tmp_path / "costs.csv").write_text(f"{head}\nother-0,3,4,5.6\n{line}\n")
    module.costs(["one-1"])
    assert (tmp_path / "costs.csv").read_text().splitlines() == [head, line, "other-0,3,4,5.6"], "others keep their lines"
    monkeypatch.setenv("HASHBENCH_STORE", str(tmp_path / "another"))
    with pytest.raises(SystemExit, match="not all it needed lies in the store"):
        module.costs(["one-1"])
    monkeypatch.setattr("sys.argv", ["make", "two"])
    with pytest.raises(SystemExit, match="no run is called 'two'"):
        module.main()
