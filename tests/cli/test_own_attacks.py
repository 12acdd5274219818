"""An attack of a user's own file: it spoils its own cell only, within the budget, and is run again when edited."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from helpers import TINY, hashbench, process

CRASH = """
from dataclasses import dataclass
from hashbench.api import Attack

@dataclass(frozen=True)
class {name}(Attack):
    \"\"\"A plugin that breaks\"\"\"
    access = "{access}"
    def perturb(self, victim, state, images, goal, codes, budget, run):
        {body}
"""


@pytest.mark.parametrize(
    ("access", "body", "reason"),
    [
        ("none", "raise RuntimeError('boom')", "boom"),
        ("none", "return images * float('nan')", "not finite"),
        ("none", "return images[:, :1]", "returned (8, 1, 32, 32)"),
        ("none", "return victim.logits(images)", "which needs 'gradients'"),
        ("codes", "return victim.relaxed(images)", "which needs 'gradients'"),
    ],
)
def test_a_broken_attack_spoils_its_own_cell_only(tmp_path: Path, access: str, body: str, reason: str) -> None:
    (tmp_path / "mine.py").write_text(CRASH.format(name="Mine", access=access, body=body))
    args = ["run", "--attack", "./mine.py:Mine,noise", *TINY, "--report", "html", "--out", "out", "--store", "store"]
    done = hashbench(*args, cwd=tmp_path)
    assert done.returncode == 1 and reason in done.stderr
    cells = [json.loads(path.read_text()) for path in (tmp_path / "out" / "cells").glob("*.json")]
    assert sorted(cell["status"] for cell in cells) == ["error", "ok"]
    assert reason in (tmp_path / "out" / "report.html").read_text().replace("&#39;", "'")


def test_the_runner_enforces_the_budget_and_an_edited_plugin_is_run_again(tmp_path: Path) -> None:
    linf = []
    for body in ("return images * 0", "return (images + 1 / 255).clamp(0, 1)"):
        (tmp_path / "mine.py").write_text(CRASH.format(name="Mine", access="none", body=body))
        assert process("run", "--attack", "./mine.py:Mine", *TINY, "--out", "out", "--store", "store", cwd=tmp_path).returncode == 0
        table = pd.read_csv(tmp_path / "out" / "results.csv").set_index("metric").value
        linf.append((round(table["linf"] * 255, 3), table["linf_raw"] > 0.5))
    assert linf == [(8.0, True), (1.0, False)]
