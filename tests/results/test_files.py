"""Results of every released schema are read, exported as one table, and told apart from what is no result."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest
from helpers import TINY, hashbench

from hashbench.results.cell import SCHEMA
from hashbench.results.reading import read_results

FIXTURES = Path(__file__).parents[1] / "fixtures"
"""A run of each released schema: results1, ..."""


@pytest.mark.parametrize("schema", range(1, SCHEMA + 1))
def test_results_of_every_released_schema_are_read_and_reported(schema: int, tmp_path: Path) -> None:
    out = tmp_path / "out"
    shutil.copytree(FIXTURES / f"results{schema}", out)
    results = read_results(out)
    assert results.runs[0].schema_ == schema and [cell.at.attack for cell in results.cells] == ["noise", "fgsm"]
    wanted = pd.read_csv(out / "results.csv").rename(columns={"victim": "target"})
    if schema < 3:
        wanted.insert(wanted.columns.get_loc("metric"), "epsilon", 8 / 255)
    if schema < 5:
        wanted.insert(wanted.columns.get_loc("metric"), "norm", "linf")
        wanted["metric"] = wanted["metric"].replace("t_map_share", "t_map_share_best_aim")
    pd.testing.assert_frame_equal(results.table, wanted, check_dtype=False)
    assert all("targeted/attacked/target/items" in cell.arrays for cell in results.cells)
    done = hashbench("report", str(out))
    assert done.returncode == 0 and (out / "report.html").is_file(), done.stderr


@pytest.mark.parametrize("kind", ["csv", "json"])
def test_export_makes_one_tidy_table_of_any_runs(kind: str, tmp_path: Path) -> None:
    run = ["run", "--attack", "noise", *TINY, "--store", str(tmp_path / "store"), "--out"]
    assert hashbench(*run, str(tmp_path / "mine")).returncode == 0
    file = tmp_path / f"table.{kind}"
    runs = [str(FIXTURES / "results1"), str(tmp_path / "mine")]
    done = hashbench("export", *runs, "--format", kind, "-o", str(file))
    assert done.returncode == 0, done.stderr
    table = pd.read_csv(file) if kind == "csv" else pd.DataFrame(json.loads(file.read_text()))
    assert set(table["run"]) == set(runs) and set(table["status"]) == {"ok"}
    mine = pd.read_csv(tmp_path / "mine" / "results.csv").set_index("metric")["value"]
    exported = table[(table["run"] == runs[1]) & table["metric"].isin(mine.index)].set_index("metric")["value"]
    assert exported.to_dict() == pytest.approx(mine.to_dict()) and "seconds_per_image" in set(table["metric"])
    assert hashbench("export", *runs, "--format", kind).stdout.strip() == file.read_text().strip()


def test_parquet_without_its_library_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(*args: object, **kwargs: object) -> None:
        raise ImportError("no pyarrow")

    monkeypatch.setattr(pd.DataFrame, "to_parquet", missing)
    done = hashbench("export", str(FIXTURES / "results1"), "--format", "parquet", "-o", str(tmp_path / "t.parquet"))
    assert done.returncode == 2 and "pip install 'hashbench[parquet]'" in done.stderr
    done = hashbench("export", str(FIXTURES / "results1"), "--format", "parquet")
    assert done.returncode == 2 and "give -o FILE" in done.stderr


@pytest.mark.parametrize(
    ("file", "content", "sentence"),
    [
        ("run.json", "{", "is damaged (no JSON)"),
        ("run.json", '{"schema": 99}', "has schema 99, and this hashbench reads up to"),
        ("run.json", '{"cells": ["../../secret"]}', "has no list of cells"),
        ("run.json", "[]", "is no result of hashbench"),
        ("timings.csv", "a,b\n", "lacks the column dataset"),
    ],
)
def test_what_is_no_result_is_a_sentence(tmp_path: Path, file: str, content: str, sentence: str) -> None:
    out = tmp_path / "out"
    shutil.copytree(FIXTURES / "results1", out)
    (out / file).write_text(content)
    done = hashbench("report", str(out))
    assert done.returncode == 2 and sentence in done.stderr
