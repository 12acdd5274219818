"""Compiling: the compiled network against the eager one, and what is keyed and recorded."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import torch
from helpers import CPU, TINY, hashbench
from torch import nn

from hashbench.api import Hasher
from hashbench.engine.machine.compiling import check_compiler, compiled
from hashbench.engine.planning.config import Config
from hashbench.errors import UserError


class Small(Hasher):
    """A convolution and a linear layer."""

    def __init__(self) -> None:
        super().__init__()
        self.network = nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.Tanh(), nn.Flatten(), nn.Linear(256, 8))

    @property
    def bits(self) -> int:
        return 8

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.network(images)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.skipif(not (shutil.which("g++") or shutil.which("clang++")), reason="torch.compile needs a C++ compiler")
def test_a_compiled_network_is_the_eager_one_but_for_rounding() -> None:
    torch.manual_seed(0)
    hasher = Small().eval().requires_grad_(False)
    network = compiled(hasher)
    assert network.bits == 8
    for count in (4, 4, 2):
        images = torch.rand(count, 3, 8, 8, requires_grad=True)
        ours, eager = network(images), hasher(images)
        assert torch.allclose(ours, eager, atol=1e-5)
        mine, its = (torch.autograd.grad(logits.tanh().sum(), images)[0] for logits in (ours, eager))
        assert its.abs().max() > 0
        assert torch.allclose(mine, its, atol=1e-5)


def test_a_machine_without_a_compiler_is_told_before_the_work(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CXX", raising=False)
    with pytest.raises(UserError, match=r"--compile needs a C\+\+ compiler"):
        Config(("noise",), compile=True).precisions.check(CPU)
    Config(("noise",)).precisions.check(CPU)
    check_compiler(torch.device("cuda"))


def test_compiled_images_are_others_and_say_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hashbench.engine.machine.precision.check_compiler", lambda device: None)  # noise compiles nothing
    store = tmp_path / "store"
    for out, extra in (("eager", []), ("compiled", ["--compile"])):
        asked = ["--attack", "noise", *TINY, *extra, "--store", str(store), "--out", out, "--benchmark", "targeted"]
        assert hashbench("run", *asked, cwd=tmp_path).returncode == 0
        (cell,) = (tmp_path / out / "cells").glob("*.json")
        assert json.loads(cell.read_text())["made"]["compiled"] is bool(extra)
    kept = {stage: len([path for path in (store / stage).iterdir() if path.is_dir()]) for stage in ("hasher", "images")}
    assert kept == {"hasher": 1, "images": 2}
