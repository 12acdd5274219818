"""autohash: at least as strong as its members by query; masked hashers that fool ifgsm do not fool it; a killed one goes on."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from helpers import TINY

import hashbench as hb
from hashbench.api import Run
from hashbench.plugins import registry
from hashbench.testing import attack_findings
from hashbench.testing.small import named

MODULE: Any = importlib.import_module(registry.load("attacks", "autohash").__module__)
SMALL = MODULE.Sizes(steps=6, starts=2, short=3, then=3, samples=4, queries=20)
MASKED = """
import torch, hashbench
import torch.nn.functional as F
from torch import nn

class Masked(nn.Module):
    def __init__(self):
        super().__init__()
        self.base = hashbench.load("zoo:shapes-dpsh-convnet-16")
        self.eval()

class Steep(Masked):
    def forward(self, x):
        return 50 * self.base(x)

class Hard(torch.autograd.Function):
    @staticmethod
    def forward(ctx, u):
        return torch.where(u >= 0, 1.0, -1.0)
    @staticmethod
    def backward(ctx, gradient):
        return gradient

class Straight(Masked):
    def forward(self, x):
        return 20 * Hard.apply(self.base(x))

class Shaken(Masked):
    def forward(self, x):
        side = int(torch.randint(20, 45, (1,)))
        small = F.interpolate(x, side, mode="bilinear")
        return self.base(F.interpolate(small, x.shape[-2:], mode="bilinear"))
"""
"""Three masks: a slope at which tanh saturates; the sign with a straight-through gradient behind a scale that saturates too; a
random resize."""


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(MODULE, "VERSION_1", SMALL)


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("away", ["false", "true"])
def test_it_keeps_the_contract(away: str) -> None:
    assert attack_findings(named("attacks", f"autohash[away={away}]")) == []


@pytest.mark.usefixtures("small")
def test_it_is_as_strong_as_every_member_for_every_query_and_has_its_score(tmp_path: Path) -> None:
    done = hb.run(["autohash", "autohash[away=true]"], **tiny(), store=tmp_path, progress=False)
    for cell, metric, sign in zip(done.cells, ("t_map", "map_attacked"), (1, -1), strict=True):
        kept, members = (
            cell.arrays[f"per_query/{metric}"],
            [row.metric for row in cell.rows if row.metric.startswith(f"{metric}_member")],
        )
        assert len(members) == 7
        for member in (*members, f"{metric}_choice"):
            assert (sign * (kept - cell.arrays[f"per_query/{member}"]) >= -1e-9).all(), member
        strongest = np.max([sign * cell.arrays[f"per_query/{member}"] for member in members], axis=0)
        assert sign * kept == pytest.approx(strongest, abs=1e-6)
        goal = "untargeted" if sign < 0 else "targeted"
        score = cell.row(f"robustness_{goal}")
        assert score is not None and (score.value is None or 0 <= score.value <= 1)


def tiny() -> dict[str, Any]:
    return {"dataset": TINY[1], "backbones": TINY[3], "hashers": TINY[5], "bits": 16, "benchmarks": ["targeted", "timing"]}


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    ("mask", "flag"), [("Steep", "saturated-bits"), ("Straight", "saturated-bits"), ("Shaken", "random-hasher")]
)
def test_masks_that_fool_ifgsm_do_not_fool_it_and_are_flagged(
    mask: str, flag: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(MODULE, "VERSION_1", MODULE.Sizes(steps=15, starts=2, short=5, then=10, samples=4, queries=20))
    Path("masked.py").write_text(MASKED)
    done = hb.run(
        ["ifgsm[steps=15]", "autohash"],
        models=f"./masked.py:{mask}",
        dataset="shapes[train=96,database=240,queries=6]",
        benchmarks=["targeted"],
        store=tmp_path / "store",
        progress=False,
    )
    ifgsm, autohash = done.cells
    fooled, not_fooled = ifgsm.value("t_map"), autohash.value("t_map")
    assert fooled is not None and not_fooled is not None and not_fooled > fooled + 0.03
    assert flag in {one.flag for one in autohash.flags}


def test_members_begin_at_points_of_their_own() -> None:
    run, images = Run(0, torch.device("cpu")), torch.zeros(2, 3, 4, 4)
    drawn = [MODULE._own(run, name, None).uniform(images, (0, 1), "start0") for name in ("apgd-C", "apgd-D", "apgd-C then")]
    assert not any(torch.equal(one, other) for one, other in ((drawn[0], drawn[1]), (drawn[0], drawn[2])))
