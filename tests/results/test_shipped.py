"""The results that ship, the scripts that make them, and the page of the paper's claims."""

from __future__ import annotations

import importlib.util
import re
import sys
import tomllib
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import ModuleType

import pytest
import synthetic
from helpers import hashbench

from hashbench.results.reading import read_results
from hashbench.results.results import Results
from hashbench.results.run import Shown

SHIPPED = Path(__file__).parents[2] / "results"
FOLDERS = sorted(file.parent for file in SHIPPED.glob("*/run.json"))


def script(name: str) -> ModuleType:
    loader = SourceFileLoader(f"results_{name}", str(SHIPPED / name))
    spec = importlib.util.spec_from_loader(loader.name, loader)
    assert spec is not None
    module = sys.modules[loader.name] = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_a_shipped_run_is_whole_small_and_of_no_machine(folder: Path) -> None:
    runs = tomllib.loads((SHIPPED / "runs.toml").read_text())
    name, _, seed = folder.name.rpartition("-")
    assert int(seed) in runs[name]["seeds"]
    results = read_results(folder)
    assert [cell.slug for cell in results.cells] == results.runs[0].cells
    for cell in results.cells:
        assert all(array.nbytes <= 100_000 for array in cell.arrays.values())
        assert cell.status != "ok" or any(name.startswith("per_query/") for name in cell.arrays)
        assert cell.at.dataset == "shapes" or not any(name.startswith("gallery/") for name in cell.arrays)
    for file in folder.rglob("*.json"):
        assert not re.search(r'"/(home|root|tmp|work|Users)\b', file.read_text()), file


@pytest.mark.slow
def test_a_shipped_cell_is_made_again(tmp_path: Path) -> None:
    (shipped,) = [cell for cell in read_results(SHIPPED / "quickstart-shapes-0").cells if cell.at.attack == "fgsm"]
    command = ["run", "--model", "zoo:shapes-dpsh-convnet-32", "--queries", "20", "--attack", "fgsm"]
    done = hashbench(*command, "--out", str(tmp_path / "run"), "--store", str(tmp_path / "store"))
    assert done.returncode == 0, done.stderr
    (again,) = read_results(tmp_path / "run").cells
    assert again.at == shipped.at and again.made is not None and shipped.made is not None
    assert again.made.targets.sha256 == shipped.made.targets.sha256 and again.made.data.content == shipped.made.data.content
    for row in shipped.rows:  # another processor may turn a bit
        assert again.value(row.metric) == pytest.approx(row.value, rel=0.02, abs=0.005), row.metric


def test_the_page_of_the_papers_claims_is_what_its_script_writes() -> None:
    assert (SHIPPED.parent / "docs" / "paper.md").read_text(encoding="utf-8") == script("paper").page()


def test_a_claim_holds_only_where_every_interval_excludes_0() -> None:
    module = script("paper")

    def verdict(kind: str, *ends: tuple[float, float]) -> str:
        return str(module._verdict([module.Seen("", (low + high) / 2, low, high) for low, high in ends], kind))

    assert verdict("ahead", (0.1, 0.2), (0.01, 0.3)) == "holds"
    assert verdict("ahead", (0.1, 0.2), (-0.1, 0.3)) == "holds in part"
    assert verdict("ahead", (-0.1, 0.2)) == "can't be told here"
    assert verdict("ahead", (-0.2, -0.1), (-0.1, 0.1)) == "does not"
    assert verdict("level", (-0.2, 0.1), (-0.3, -0.1)) == "holds"
    assert verdict("level", (0.1, 0.2)) == "does not"
    assert verdict("ahead") == "not run"


def test_a_claims_difference_is_that_of_the_runs_cells() -> None:
    module, results = script("paper"), synthetic.results(bits=(16, 32), transfer=True)
    attacks = {"prosgan": "ifgsm[steps=50]", "dhta": "dhta"}
    shown = Shown(name="table1", title="", about="", attacks=attacks, show=[], cells=[cell.slug for cell in results.cells])
    results = Results([results.runs[0].model_copy(update={"suites": [shown]})], results.cells)
    claim = {"kind": "ahead", "first": "prosgan.t_map", "second": "dhta.t_map", "suites": ["table1"]}
    seen = list(module._seen(results, "table1", claim))
    assert [one.where for one in seen] == ["16 bits", "32 bits"]
    for one, setting in zip(seen, results.white_box, strict=True):
        first, second = (next(c for c in setting.done if c.at.attack == name) for name in attacks.values())
        assert (one.value, one.low, one.high) == setting.difference(first, second)
    assert not list(module._seen(results, "table1", claim | {"kind": "across"})), "these hashers have one backbone"
    assert list(module._seen(results, "table2", claim)) == []


def test_the_papers_own_differences_are_of_its_table() -> None:
    module = script("paper")
    claim = {"kind": "ahead", "first": "prosgan.t_map", "second": "dhta.t_map", "suites": ["table2"]}
    assert module._paper(claim) == "+0.026 to +0.084"  # 78.25 - 75.65, 71.65 - 63.22


def test_runs_are_made_for_each_seed_and_only_what_is_small_ships(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module = script("make")
    monkeypatch.setattr(module, "HERE", tmp_path)
    monkeypatch.setenv("HASHBENCH_HOME", str(tmp_path / "store"))
    small = "--dataset shapes[train=64,database=128,queries=8] --backbone convnet[width=8,warmup_epochs=1] --attack noise"
    (tmp_path / "runs.toml").write_text(f'[one]\nabout = "x"\nseeds = [0, 1]\nimages = true\ncommand = "run {small}"\n')
    monkeypatch.setattr("sys.argv", ["make", "one-1"])
    module.main()
    assert not (tmp_path / "one-0").exists()
    (cell,) = read_results(tmp_path / "one-1").cells
    assert cell.at.seed == 1 and {name.partition("/")[0] for name in cell.arrays} == {"per_query"}, "pictures are of seed 0"
    _, line = (tmp_path / "costs.csv").read_text().splitlines()
    name, cells, stages, minutes = line.split(",")
    assert (name, cells) == ("one-1", "1") and int(stages) > 5 and float(minutes) >= 0
    monkeypatch.setattr("sys.argv", ["make", "two"])
    with pytest.raises(SystemExit, match="no run is called 'two'"):
        module.main()
