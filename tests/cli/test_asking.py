"""Attacks that only ask, as a user runs them; and plugins that try for more than answers."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from helpers import TINY, hashbench

READ = """
name = "read"
version = 1
readings = [5, 20, 60]
"""
CHEAT = """
from dataclasses import dataclass
from hashbench.api import QueryAttack

@dataclass(frozen=True)
class Cheat(QueryAttack):
    \"\"\"A plugin that tries for more\"\"\"
    def perturb(self, victim, state, images, goal, codes, budget, run):
        {body}
        return images
"""


def test_curves_over_questions(tmp_path: Path) -> None:
    (tmp_path / "read.toml").write_text(READ)
    attacks = "nes[queries=60,pairs=2],random-search[queries=60,answer=distances],signhunter[queries=40,answer=ids,away=true]"
    attacks += ",knockoff[training_queries=20,epochs=1],noise"
    args = ["run", "--attack", attacks, *TINY, "--protocol", "read.toml", "--store", "store"]
    done = hashbench(*args, "--report", "html", "--out", "out", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    table = pd.read_csv(tmp_path / "out" / "results.csv")
    value = {(row.attack.partition("[")[0], row.metric): row.value for row in table.itertuples()}
    assert value["nes", "t_map_at_60"] == value["nes", "t_map"]
    assert value["random-search", "t_map_at_60"] == value["random-search", "t_map"]
    assert 50 < value["nes", "questions"] <= 60 and value["random-search", "questions"] == 60
    assert ("signhunter", "map_attacked_at_20") in value and ("signhunter", "map_attacked_at_60") not in value
    assert value["knockoff", "t_map_at_5"] == value["knockoff", "t_map"]
    assert (value["knockoff", "questions"], value["knockoff", "questions_to_fit"]) == (0, 20)
    assert not any(attack == "noise" and "_at_" in metric for attack, metric in value)
    page = (tmp_path / "out" / "report.html").read_text()
    assert "How much a search engine gives away" in page and "Attacks that get 50 ids" in page
    cells = [json.loads(path.read_text()) for path in (tmp_path / "out" / "cells").glob("*-nes-*.json")]
    assert cells[0]["made"]["plugins"]["attack"]["access"] == "query-code"


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("victim.logits(images)", "wanted logits"),
        ("victim.codes(images)", "wanted codes"),
        ("victim.reference('database')", "wanted reference"),
        ("victim._hasher(images)", "wanted _hasher"),
        ("run.checkpoint and run.checkpoint.also['victim']._hasher", "wanted _hasher"),
        ("goal.target_labels", "holds no labels"),
        ("[victim.ask(images, goal.indices) for _ in range(self.queries + 1)]", "of its 12 questions"),
        (
            "victim.ask(images, goal.indices); victim.load_state_dict(victim.state_dict() | {'asked': {}})",
            "not the search engine's own",
        ),
    ],
)
def test_who_tries_for_more_than_answers_is_refused(tmp_path: Path, body: str, reason: str) -> None:
    (tmp_path / "mine.py").write_text(CHEAT.replace("{body}", body))
    args = ["run", "--attack", "./mine.py:Cheat[queries=12]", *TINY, "--report", "csv", "--out", "out", "--store", "store"]
    done = hashbench(*args, cwd=tmp_path)
    assert done.returncode == 1 and reason in done.stderr


def test_examples_are_the_same_for_every_attack_and_bench_has_none_of_it(tmp_path: Path) -> None:
    said = hashbench("bench", "--attack", "nes", cwd=tmp_path)
    assert said.returncode == 2 and "nes only asks" in said.stderr
    said = hashbench("run", "--attack", "nes[examples=4]", *TINY, cwd=tmp_path)
    assert said.returncode == 2 and "give an odd number" in said.stderr
    l2 = hashbench("run", "--attack", "nes[queries=50]", *TINY, "--norm", "l2", "--epsilon", "1", cwd=tmp_path)
    assert "L-inf budgets: leave --norm out" in l2.stderr and l2.returncode != 0


def test_from_python() -> None:
    import torch

    import hashbench as api
    from hashbench.errors import UserError

    torch.manual_seed(0)
    model = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(192, 8))
    rng = np.random.default_rng(0)
    pixels, labels = rng.integers(0, 256, (40, 3, 8, 8), dtype=np.uint8), np.eye(4, dtype=np.uint8)[np.arange(40) % 4]
    images, target = torch.from_numpy(pixels[:4]), torch.eye(4)[[1, 2, 3, 0]]
    for answer in ("code", "distances"):
        text = f"nes[queries=80,pairs=4,answer={answer}]"
        found = api.attack(model, images, text, target_labels=target, database=(pixels, labels), epsilon=0.1, progress=False)
        assert found.dtype == torch.uint8 and 0 < (found.int() - images.int()).abs().max() <= 25
    with pytest.raises(UserError, match="shown images of its target"):
        api.attack(model, images, "nes", target_labels=target, progress=False)
    away = api.attack(model, images, "nes[queries=80,pairs=4,away=true]", progress=False)
    assert (away != images).any()
