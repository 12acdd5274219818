"""An iterative attack that is killed between two steps ends in the same images, whatever it remembers."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from helpers import CPU, goal_of, linear_hasher, small_split, small_victim

from hashbench.api import Budget, Run, Victim
from hashbench.contracts.checkpoint import Checkpoint
from hashbench.plugins import registry
from hashbench.plugins.configure import configure

ATTACKS = [
    "ifgsm[steps=8]",
    "pgd[steps=6,starts=2]",
    "pgd[steps=8,momentum=vmi]",
    "apgd[steps=9,starts=2]",
    "cw[steps=5,searches=3]",
    "sdha[steps=6]",
    "hag[steps=6]",
    "pta[steps=6]",
    "nag[steps=6]",
    "autohash",
]


class Killed(Exception):
    pass


@pytest.mark.parametrize("text", ATTACKS, ids=lambda text: text.partition("[")[0])
def test_a_killed_attack_goes_on(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module: Any = importlib.import_module(registry.load("attacks", "autohash").__module__)
    monkeypatch.setattr(module, "VERSION_1", module.Sizes(steps=4, starts=2, short=2, then=2, queries=6))
    attack, hasher, split = configure("attacks", text, "quick"), linear_hasher(), small_split()
    codes = torch.where(torch.rand(4, 8, generator=torch.Generator().manual_seed(0)) < 0.5, -1.0, 1.0)
    state = attack.fit(small_victim(hasher, split), split, None, Budget(), Run(1, CPU))
    kills = 0

    def perturbed(folder: Path | None, after: int | None = None) -> tuple[torch.Tensor, int]:
        view = small_victim(hasher, split, attack.access)
        run = Run(0, CPU, checkpoint=None if folder is None else Checkpoint(folder, 0.0)).below("batch0", victim=view)
        if after is not None:
            kept = Checkpoint.write
            left = [after]

            def write(self: Checkpoint, *args: Any) -> None:
                kept(self, *args)
                left[0] -= 1
                if left[0] < 0:
                    raise Killed

            monkeypatch.setattr(Checkpoint, "write", write)
        try:
            images = split.images(np.arange(4), CPU)
            return attack.perturb(view, state, images, goal_of(split), codes, Budget(), run), calls(view)
        finally:
            if after is not None:
                monkeypatch.setattr(Checkpoint, "write", kept)

    whole, asked = perturbed(None)
    for after in (0, 3, 5):
        folder = tmp_path / str(after)
        folder.mkdir()
        with pytest.raises(Killed):
            perturbed(folder, after)
        kills += 1
        again, counted = perturbed(folder)
        assert torch.equal(again, whole)
        if text != "autohash":  # which asks for codes between its loops, and does so again
            assert counted == asked
    assert kills == 3


def calls(view: Victim) -> int:
    return view.forwards + view.backwards
