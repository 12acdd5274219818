"""`hashbench bench`: what it counts, what it says, what it refuses."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from helpers import CPU, hashbench, linear_hasher, perturb, small_split
from torch import nn

from hashbench.api import Budget
from hashbench.engine.machine.context import Machine
from hashbench.engine.measuring import ceilings as measured
from hashbench.engine.measuring.bench import _timed
from hashbench.engine.measuring.ceilings import ceilings
from hashbench.engine.measuring.loops import Loop
from hashbench.engine.measuring.plain import is_plain, perturbed
from hashbench.plugins.configure import configure

SMALL = ["--image-size", "32", "--images", "4", "--rounds", "1", "--bits", "8", "--backbone", "convnet[width=8]"]


@pytest.fixture(autouse=True)
def small_ceilings(monkeypatch: pytest.MonkeyPatch) -> None:
    """How fast this machine is, is not what is tested."""
    monkeypatch.setattr(measured, "SIDE", 64)
    monkeypatch.setattr(measured, "COPIED", 1 << 16)


def test_operations_are_those_of_a_convolution_forward_and_back_to_the_images() -> None:
    network = nn.Conv2d(3, 5, 3, bias=False).requires_grad_(False)
    images = torch.rand(2, 3, 10, 10, requires_grad=True)

    def work() -> int:
        torch.autograd.grad(network(images).sum(), images)
        return 2

    found = _timed(Loop("conv", work), "fp32", Machine(CPU), 1e9, 2)
    forward = 2 * 2 * 5 * 3 * 9 * 8 * 8  # multiply and add, images, channels out and in, kernel, places
    assert found.operations == 2 * forward
    assert found.images == 2
    assert found.memory == 4 * (2 * 5 * 8 * 8 + 1)  # the output with its sum; backward needs it no more, and makes less
    assert found.ratio is None
    assert found.share == pytest.approx(found.operations / found.seconds / 1e9)


def test_memory_is_of_the_tensors_that_are_alive_at_once() -> None:
    def work() -> int:
        kept = torch.empty(1000)
        for _ in range(5):
            torch.empty(500).exp_().view(5, 100)[0].add_(1)
        return len(kept)

    assert _timed(Loop("made up", work), "fp32", Machine(CPU), 1e9, 1).memory == 4 * 1500


@pytest.mark.parametrize(
    "attack", ["fgsm", "ifgsm[steps=3]", "hag[steps=3]", "dhta[steps=3]", "p2p[steps=3]", "dhta[preset=published,steps=3]"]
)
def test_the_plain_loop_gives_the_same_images(attack: str) -> None:
    plugin, hasher, split = configure("attacks", attack, "quick"), linear_hasher(), small_split()
    assert is_plain(plugin)
    images, codes = split.images(np.arange(4), CPU), torch.rand(4, 8).sub(0.5).sign()
    ours = perturb(attack, hasher, split, Budget(8 / 255), codes)
    assert torch.equal(perturbed(hasher, plugin, images, codes, Budget(8 / 255)), ours)
    assert not torch.equal(images, ours)
    assert not any(weight.requires_grad for weight in hasher.parameters())


@pytest.mark.parametrize("attack", ["noise", "cw", "apgd", "pgd", "ifgsm[starts=2]", "ifgsm[start=uniform]", "ifgsm[keep=best]"])
def test_what_is_more_than_the_plain_loop_is_not_set_against_it(attack: str) -> None:
    assert not is_plain(configure("attacks", attack, "quick"))


def test_ceilings_are_measured_in_each_precision() -> None:
    found = ceilings(Machine(CPU), ("fp32", "bf16"))
    assert set(found.flops) == {"fp32", "bf16"}
    assert min(*found.flops.values(), found.copied) > 0


def test_every_loop_is_timed_and_written(tmp_path: Path) -> None:
    attacks = "ifgsm,noise,prosgan[width=8,decoder_width=8]"
    done = hashbench("bench", *SMALL, "--attack", attacks, "--precision", "bf16,fp32", "--out", "bench.json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "ceilings: matrix products fp32" in done.stdout
    content = json.loads((tmp_path / "bench.json").read_text())
    loops = {(row["loop"], row["precision"]): row for row in content["loops"]}
    prosgan = "prosgan[decoder_width=8,width=8]"
    names = ("hashing", "training dpsh", "ifgsm", "noise", f"training {prosgan}", prosgan)
    assert set(loops) == {(name, precision) for name in names for precision in ("fp32", "bf16")}
    assert loops["ifgsm", "fp32"]["images"] == 3 * 4  # steps x images
    assert loops["noise", "fp32"]["operations"] == 0 < loops["hashing", "fp32"]["operations"]
    assert loops["ifgsm", "bf16"]["operations"] == loops["ifgsm", "fp32"]["operations"]
    assert {name for (name, _), row in loops.items() if row["over_plain"] is not None} == {"hashing", "ifgsm"}
    assert all(row["over_plain"] == pytest.approx(row["plain"] / row["seconds"]) for row in loops.values() if row["plain"])
    assert min(row["memory"] for row in loops.values()) >= 4 * 3 * 32 * 32 * 4
    assert content["environment"]["threads"] >= 1


@pytest.mark.parametrize(
    ("flags", "sentence"),
    [
        (["--images", "0"], "--images is 0: give at least 1"),
        (["--precision", "bf61"], "unknown precision 'bf61': did you mean 'bf16'"),
        (["--precision", "tf32"], "cpu does not compute in tf32"),
        (["--attack", "prosgam"], "unknown attack 'prosgam': did you mean 'prosgan'"),
        (["--backbone", "alexnet", "--image-size", "32"], "needs images of at least"),
    ],
)
def test_what_can_not_be_measured_is_one_sentence(flags: list[str], sentence: str, tmp_path: Path) -> None:
    done = hashbench("bench", *SMALL, *flags, cwd=tmp_path)
    assert done.returncode == 2
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr
