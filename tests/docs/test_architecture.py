"""docs/architecture.md says what the code does."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path

from helpers import TINY

from hashbench.engine.planning.config import Config
from hashbench.engine.planning.plan import make_plan
from hashbench.engine.stages.chain import STAGES
from hashbench.engine.stages.pixels import pixels_of
from hashbench.engine.stages.stage import reachable
from hashbench.results.schema import json_schema

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")


def test_the_walk_names_code_that_is_there_and_each_stage_once() -> None:
    hops = re.findall(r"`([\w/]+\.py): (\w+)`", PAGE)
    assert len(hops) >= 20
    for file, name in hops:
        defined = ast.walk(ast.parse((ROOT / file).read_text(encoding="utf-8")))
        assert name in {node.name for node in defined if isinstance(node, ast.FunctionDef | ast.ClassDef)}, f"{file}: {name}"
    walked = [name for _, name in hops if name.endswith("Stage")]
    assert sorted(walked) == sorted(stage.__name__ for stage in STAGES.values())


def test_the_table_of_stages_is_the_graph() -> None:
    rows = re.findall(r"^\| `([\w-]+)` \| (.*?) \|", PAGE.partition("## The chain")[2].partition("## A key")[0], re.MULTILINE)
    written = {name: set(re.findall(r"`([\w-]+)`", needs)) for name, needs in rows}
    config = Config(("dhta",), (TINY[5],), backbones=(TINY[3],), datasets=(TINY[1],))
    (cell,) = make_plan(config, pixels_of).cells
    assert written.pop("model") == set()  # in place of the hasher
    assert written == {stage.name: {need.name for need in stage.needs().values()} for stage in reachable(cell.wanted())}
    assert list(written) == [name for name in STAGES if name != "model"]


def test_the_schema_of_results_is_the_one_that_is_published() -> None:
    assert json.loads((ROOT / "docs" / "results-schema.json").read_text(encoding="utf-8")) == json_schema()
