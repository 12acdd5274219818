"""Networks as people have them: in training mode, in half precision, on another device, keeping what they have seen, saved anew."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pytest
import torch
from helpers import TINY, hashbench
from torch import nn

import hashbench as hb
from hashbench.contracts.model import Model
from hashbench.engine.models.foreign import on_cpu
from hashbench.python.given import as_hasher

DATA = TINY[1]


def linear(seed: int = 0, side: int = 32) -> nn.Sequential:
    layer = nn.Linear(3 * side * side, 8)
    with torch.no_grad():
        layer.weight.copy_(torch.randn(layer.weight.shape, generator=torch.Generator().manual_seed(seed)))
        layer.bias.copy_(-layer.weight.sum(1) / 2)
    return nn.Sequential(nn.Flatten(), layer)


class Keeps(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.inner, self.seen = linear(), 0

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        self.seen += len(images)
        return self.inner(images)


def test_one_that_counts_what_it_sees_is_the_same_network_each_time(tmp_path: Path) -> None:
    done = hb.run("ifgsm[steps=2]", models=Keeps(), dataset=DATA, store=tmp_path, progress=False)
    assert [cell.status for cell in done.cells] == ["ok"]


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_a_precision_makes_no_infinite_outputs(dtype: torch.dtype) -> None:
    class Half(nn.Module):
        def forward(self, images: torch.Tensor) -> torch.Tensor:
            return torch.tanh(20 * images.mean((2, 3)) - 10).to(dtype)

    model = Model(Half(), outputs="tanh")
    logits = model(torch.linspace(0, 1, 12).view(4, 3, 1, 1))
    assert logits.dtype == torch.float32 and logits.isfinite().all() and logits.abs().max() > 5
    codes = hb.rank(np.sign(logits.numpy()), np.eye(4, dtype=np.uint8), np.sign(logits.numpy()), np.eye(4, dtype=np.uint8))
    assert not codes.table.empty


def test_a_copy_is_not_trained_on_and_lies_where_the_network_does() -> None:
    network = nn.Sequential(linear(side=8), nn.BatchNorm1d(8), nn.Dropout(0.5))
    network[1](torch.randn(32, 8))
    before = network[1].running_mean.clone()
    hasher = as_hasher(network.train(), 8)
    assert network.training and not any(part.training for part in hasher.modules())
    once, again = (hasher(torch.rand(4, 3, 8, 8, generator=torch.Generator().manual_seed(0))) for _ in range(2))
    assert torch.equal(once, again) and torch.equal(network[1].running_mean, before)
    model = Model(linear(side=8).to("meta"))
    moved = []
    model.to = moved.append  # type: ignore[assignment,method-assign]
    on_cpu(model)
    assert moved == ["cpu"], "what was loaded to another device is looked at on the CPU"
    assert on_cpu(found := Model(linear(side=8))) is found


def test_one_of_another_size_than_the_images_is_told() -> None:
    with pytest.raises(hb.UserError, match="takes images of 224 px, and these are of 32"):
        hb.attack(Model(linear(), size=224), torch.zeros(1, 3, 32, 32), attack="noise", progress=False)
    network = linear()
    network.size = 224  # whatever a network calls so
    assert hb.attack(network, torch.zeros(1, 3, 32, 32), attack="noise", progress=False).shape == (1, 3, 32, 32)


def test_weights_saved_anew_between_two_runs_are_another_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    found = []
    for seed in (0, 1):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of torch.jit
            torch.jit.script(linear(seed)).save("net.pt")
        done = hb.run("noise", models="net.pt", dataset=DATA, benchmarks="targeted", store="store", progress=False)
        (cell,) = done.cells
        assert cell.status == "ok", cell.reason
        found.append(cell.made.codes if cell.made else None)
    assert found[0] != found[1]


def test_the_batch_size_of_one_without_gradients_is_found(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(
        "from torch import nn\n\n\nclass Steps(nn.Module):\n    def forward(self, images):\n"
        "        return (images.mean((2, 3)) > 0.5).float() - 0.5\n\n\ndef load():\n    return Steps()\n"
    )
    args = ["run", "--attack", "noise", "--model", "./mine.py:load", "--dataset", DATA, "--batch-size", "auto"]
    done = hashbench(*args, "--benchmark", "targeted", "--out", "out", "--store", "store", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
