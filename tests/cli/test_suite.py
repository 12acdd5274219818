"""Suites as a user runs them."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from helpers import SUITE, at, made

from hashbench.api import CellResult, HasherName, Provenance, Results, RunFacts, UserError
from hashbench.cli.main import group
from hashbench.engine.choices import Source
from hashbench.engine.planning.suite_plan import plan_suite
from hashbench.engine.stages.pixels import PixelsStage, pixels_of
from hashbench.plugins import registry
from hashbench.suites.suite import load_suite, suite_names

DATA = "shapes[train=64,database=128,queries=8]"


def unread(source: Source) -> PixelsStage:
    """A dataset that is not there, as if it were."""
    return PixelsStage(source, "content", registry.load("datasets", "shapes")(train=8, database=16, queries=4).load(None, 8))


def hashbench(*args: str) -> Result:
    return CliRunner().invoke(group, list(args), catch_exceptions=False)


def test_a_suite_runs_to_a_page_with_every_kind_of_show_and_makes_each_set_of_images_once(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(SUITE)
    common = ["--dataset", DATA, "--out", str(tmp_path / "out"), "--store", str(tmp_path / "store")]
    done = hashbench("suite", "run", str(tmp_path / "mine.toml"), *common)
    assert done.exit_code == 0, done.output
    assert "paper.html" in done.output
    page = (tmp_path / "out" / "paper.html").read_text()
    assert page.count("<svg") == 7 and "Transfer of DHTA" in page and "reconstruction" in page and 'src="http' not in page
    assert "No number of the paper stands here" in page
    images = [path for path in (tmp_path / "store" / "images").iterdir() if path.is_dir()]
    matrix = list(csv.DictReader((tmp_path / "out" / "transfer.csv").read_text().splitlines()))
    assert len(images) == 8 and len(matrix) == 16
    made = {json.loads(file.read_text())["made"]["keys"]["images"] for file in (tmp_path / "out" / "cells").glob("*.json")}
    assert len(made) == 8
    rows = {(row["attack"], row["source"], row["target"]): float(row["t_map"]) for row in matrix}
    assert len(rows) == 16
    again = hashbench("suite", "show", str(tmp_path / "mine.toml"), *common[:2], "--store", str(tmp_path / "store"))
    assert "16 cells" in again.output and "2 x hasher:" in again.output and "by what this store has measured" in again.output
    assert "not measured" not in again.output
    other = hashbench("suite", "show", "table1", "--preset", "paper", "--store", str(tmp_path / "store"))
    assert "hasher: not measured in this store" in other.output and "No estimate: nothing like it" in other.output


def test_a_cell_without_a_number_says_why_in_its_place(tmp_path: Path) -> None:
    (tmp_path / "boom.py").write_text(
        "from dataclasses import dataclass\nfrom hashbench.api import Attack\n\n\n@dataclass(frozen=True)\nclass Boom(Attack):\n"
        '    """Boom"""\n\n    def perturb(self, victim, state, images, goal, codes, budget, run):\n        raise RuntimeError("boom")\n'
    )
    content = SUITE.replace('"dhta[steps=2]"', f'"{tmp_path / "boom.py"}:Boom"')
    (tmp_path / "mine.toml").write_text(content)
    done = hashbench(
        "suite", "run", str(tmp_path / "mine.toml"), "--dataset", DATA, "--out", str(tmp_path / "o"), "--store", str(tmp_path / "s")
    )
    assert done.exit_code == 1
    page = (tmp_path / "o" / "paper.html").read_text()
    assert "error: RuntimeError: boom" in page and "Cells without a number" in page


@pytest.mark.parametrize("name", suite_names())
@pytest.mark.parametrize("preset", ["quick", "paper"])
def test_the_built_in_suites_plan(name: str, preset: str, tmp_path: Path) -> None:
    file = load_suite(name)
    asked = {"datasets": ("shapes",)} if preset == "quick" else {"datasets": ("lists",), "data": str(tmp_path)}
    plan = plan_suite(file, asked, unread)
    assert plan.asked["preset"] == preset and len(plan.suites) == (8 if name == "paper" else 1)
    texts = {cell.at.attack for cell in plan.cells}
    for suite in plan.suites:
        assert set(suite.attacks.values()) <= texts and set(suite.cells) <= {cell.slug for cell in plan.cells}
    if name == "table3":
        assert len(plan.cells) == 72
    of_the_paper = name == "paper" or name.startswith(("table", "figure"))
    own = {"queries": "query-1"}.get(name, "published" if of_the_paper and preset == "paper" else "harmonised")
    assert {cell.protocol.name for cell in plan.cells} == {own}


def test_wrong_suites_are_told(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="did you mean 'table1'"):
        load_suite("tabel1")
    with pytest.raises(UserError, match="can't be read"):
        load_suite("nowhere.toml")
    mine = tmp_path / "mine.toml"
    for content, sentence in (
        ('title = "x"', "about: Field required"),
        ('title = "x"\nabout = "x"\nsuites = []', r"needs \[attacks\] and a"),
        (SUITE.replace('kind = "curves"', 'kind = "curve"'), "kind: Input should be"),
        (SUITE.replace('attack = "dhta"', 'attack = "dhtb"'), "the attack 'dhtb', which is not under"),
        (SUITE.replace('measures = ["t_map", "rms", "seconds_per_image"]', 'measures = ["linf"]'), "measures.0: Input should be"),
        (
            SUITE.replace('rows = [{ label = "Noise", attack = "noise" }]', 'rows = [{ label = "x" }]'),
            "kind 'curves' needs an attack",
        ),
        (SUITE.replace("[run]", "[runs]"), "runs: Extra inputs"),
        ("title = ", "is not TOML"),
    ):
        mine.write_text(content)
        with pytest.raises(UserError, match=sentence):
            load_suite(str(mine))
    mine.write_bytes(b'title = "\xff"')
    with pytest.raises(UserError, match="not UTF-8"):
        load_suite(str(mine))
    mine.write_text('title = "x"\nabout = "x"\nsuites = ["mine.toml"]')
    with pytest.raises(UserError, match="mine contains itself"):
        plan_suite(load_suite(str(mine)), {"preset": "quick"}, unread)
    mine.write_text(SUITE.replace("transfer = true", "transfers = true"))
    with pytest.raises(UserError, match="'transfers' under \\[run\\]"):
        plan_suite(load_suite(str(mine)), {"preset": "quick"}, unread)
    with pytest.raises(UserError, match="report 'paper' is of a suite"):
        registry.load("reports", "paper")().render(Results([RunFacts()], []), tmp_path)


def test_a_suites_own_settings_hold_and_experiments_that_differ_keep_apart(tmp_path: Path) -> None:
    mild = SUITE.replace("transfer = true", 'batch-size = 16\nepsilon = "8/255"')
    mild = re.sub("hasher = .*", 'hasher = "dpsh"', mild)
    (tmp_path / "mild.toml").write_text(mild)
    (tmp_path / "wild.toml").write_text(mild.replace("8/255", "32/255"))
    (tmp_path / "both.toml").write_text('title = "x"\nabout = "x"\nsuites = ["mild.toml", "wild.toml"]')
    plan = plan_suite(load_suite(str(tmp_path / "both.toml")), {"datasets": (DATA,)}, pixels_of)
    assert plan.asked["batch_size"] == 16 and plan.asked["preset"] == "quick"
    assert len(plan.cells) == 16 and len({cell.slug for cell in plan.cells}) == 16
    assert {cell.source.method.text for cell in plan.cells} == {"dpsh"}


def test_published_numbers_stand_beside_comparable_cells_only() -> None:
    import importlib

    published = importlib.import_module("hashbench.reports.numbers.published").published
    facts: dict[str, object] = {
        "identity": "nuswide",
        "image_size": 224,
        "query_rows": 2100,
        "train_rows": 10500,
        "database_rows": 193734,
    }

    def cell(
        preset: str = "paper",
        data: dict[str, object] = facts,
        queries: int = 2100,
        epsilon: float = 8 / 255,
        weights: str = "VGG11_Weights.IMAGENET1K_V1",
        attack: str = "prosgan[preset=published]",
        backbone: str = "vgg11[preset=published]",
        protocol: str = "published",
    ) -> CellResult:
        own = made({})
        given = {**own.model_dump(), "preset": preset, "data": {**own.data.model_dump(), **data}, "hasher": {"weights": weights}}
        given |= {"targets": {"queries": queries}, "budget": {"norm": "linf", "epsilon": epsilon}}
        source = HasherName(hasher="dpsh", backbone=backbone, bits=32)
        where = at(attack, dataset="lists[identity=nuswide]", protocol=protocol).model_copy(
            update={"source": source, "target": source}
        )
        return CellResult(where, "ok", "x", made=Provenance.model_validate(given))

    assert published(cell(), "t_map") == 0.7825 and published(cell(), "rms") == 0.0187
    assert published(cell(attack="noise"), "map_clean") == published(cell(), "map_clean") is not None
    for other in (
        cell("quick"),
        cell(protocol="harmonised"),
        cell(data={**facts, "identity": "shapes"}),
        cell(data={**facts, "database_rows": 193733}),
        cell(weights="own.safetensors"),
        cell(weights="from scratch"),
        cell(data={**facts, "image_size": 64}),
        cell(queries=100),
        cell(epsilon=0.1),
        cell(attack="prosgan"),
        cell(backbone="vgg11"),
    ):
        assert published(other, "t_map") is None
    assert published(cell(), "psnr") is None
    assert published(cell(), "seconds_per_image") is None, "the paper's machine is another"
    assert published(cell(protocol="published-train"), "t_map") == 0.7825


def test_the_published_table_is_the_shared_one_in_our_units(shared: Path) -> None:
    from importlib.resources import files

    with (files("hashbench.reports.numbers") / "published.csv").open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    sources = {
        table: list(csv.DictReader((shared / "published" / f"{table}.csv").read_text().splitlines()))
        for table in ("table1", "table3", "table4")
    }
    for table, percents in (("table1", "percent"), ("table3", "t_map_percent"), ("table4", "percent")):
        ours = sorted(float(row["value"]) for row in rows if row["table"] == table)
        assert ours == pytest.approx(sorted(float(row[percents]) / 100 for row in sources[table]))
    assert sum(row["table"] == "table2" for row in rows) == 36
