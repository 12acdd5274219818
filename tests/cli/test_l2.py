"""A run under an L2 budget, from its command to its table."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from helpers import TINY, hashbench

FAR = """
from dataclasses import dataclass
from hashbench.api import Attack

@dataclass(frozen=True)
class Far(Attack):
    \"\"\"Goes further than it may\"\"\"
    access = "none"

    def perturb(self, victim, state, images, goal, codes, budget, run):
        return images * 0
"""


def test_changes_are_as_long_as_the_budget_and_no_longer(tmp_path: Path) -> None:
    (tmp_path / "far.py").write_text(FAR)
    args = ["run", "--attack", "pgd[steps=5],./far.py:Far", *TINY, "--norm", "l2", "--epsilon", "0.5,1"]
    done = hashbench(*args, "--benchmark", "targeted,perceptibility", "--out", "out", "--store", "store", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    table = pd.read_csv(tmp_path / "out" / "results.csv")
    assert set(table.norm) == {"l2"} and set(table.epsilon) == {0.5, 1.0}
    lengths = table[table.metric == "l2"]
    assert len(lengths) == 4 and (lengths.value <= lengths.epsilon + 1e-6).all() and (lengths.value > 0.8 * lengths.epsilon).all()
    assert (table[table.metric == "l2_raw"].value.max() > 5) and "Far" in lengths.attack.str.cat()
