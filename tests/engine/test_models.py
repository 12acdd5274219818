"""Networks that hashbench did not train, attacked as they are and known by their content."""

from __future__ import annotations

import pickle
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from foreigners import DATA, file_of, run
from helpers import TINY, hashbench
from torch import nn
from torchvision import models

from hashbench.api import read_results
from hashbench.engine.models.foreign import content_of, foreign
from hashbench.engine.models.loader import loader_of

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)

USERS = """
import torch
from torch import nn
from torchvision.models import resnet18
import hashbench.api as hb

def load():
    network = resnet18()
    network.fc = nn.Linear(512, 48)
    network.load_state_dict(torch.load({weights!r}))
    return hb.Model(network, mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225))
"""


@pytest.fixture(scope="module")
def users(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, nn.Module]:
    """A ResNet18 with 48 outputs saved by a script that knows nothing of hashbench, and the file that loads it."""
    folder = tmp_path_factory.mktemp("users")
    torch.manual_seed(1)
    network = models.resnet18()
    network.fc = nn.Linear(512, 48)
    torch.save(network.state_dict(), folder / "resnet.pth")
    (folder / "mine.py").write_text(USERS.format(weights=str(folder / "resnet.pth")))
    return folder, network.eval()


def test_a_torchvision_network_is_attacked_and_reported(users: tuple[Path, nn.Module], tmp_path: Path) -> None:
    folder, network = users
    attacks = "dhta[steps=3],ifgsm[steps=3],prosgan[epochs=1,width=8,decoder_width=8,aim=prototype[steps=5]]"
    done = run(tmp_path, f"{folder / 'mine.py'}:load", "--attack", attacks, "--report", "html")
    assert done.returncode == 0, done.stderr
    assert "mine.py:load: ResNet, 48 outputs from" in done.stderr and (tmp_path / "out" / "report.html").is_file()
    results = read_results(tmp_path / "out")
    assert [cell.status for cell in results.cells] == ["ok"] * 3
    assert {cell.at.target.label for cell in results.cells} == {"mine.py:load-ResNet-48"}
    assert all(cell.row("map_random") is None and cell.row("map_pixels") for cell in results.cells)
    assert results.cells[0].made is not None and "not known" in str(results.cells[0].made.hasher["untrained_control"])

    from safetensors.numpy import load_file

    codes = load_file(next((tmp_path / "store" / "codes").glob("*/tensors.safetensors")))["codes"]
    pixels = np.load(next((tmp_path / "store" / "pixels").glob("*/*.npy")))
    images = (torch.from_numpy(pixels).float() / 255 - torch.tensor(MEAN).view(1, 3, 1, 1)) / torch.tensor(STD).view(1, 3, 1, 1)
    with torch.no_grad():
        signs = torch.cat([network(images[start : start + 64]) for start in range(0, len(images), 64)]).sign().to(torch.int8)
    assert np.array_equal(codes, signs.numpy())


def test_a_copy_of_our_hasher_gives_the_same_numbers(tmp_path: Path) -> None:
    common = ("--attack", "dhta[steps=5],ifgsm[steps=5]", "--store", str(tmp_path / "store"), "--report", "csv")
    assert hashbench("run", *TINY, *common, "--out", str(tmp_path / "ours")).returncode == 0
    weights = next((tmp_path / "store" / "hasher").glob("*/tensors.safetensors"))
    shutil.copy(weights, tmp_path / "copy.safetensors")
    loads = f"""
from safetensors.torch import load_file
from hashbench.plugins.configure import configure
def load():
    trunk = configure("backbones", "convnet[width=8,warmup_epochs=1]", "quick").build(32)
    hasher = configure("hashers", "dpsh[epochs=1]", "quick").build(trunk, 32)
    hasher.load_state_dict(load_file({str(tmp_path / "copy.safetensors")!r}))
    return hasher
"""
    done = hashbench("run", "--model", file_of(tmp_path, loads), "--dataset", TINY[1], *common, "--out", str(tmp_path / "copy"))
    assert done.returncode == 0, done.stderr
    ours, copy = (pd.read_csv(tmp_path / name / "results.csv") for name in ("ours", "copy"))
    both = ours.merge(copy, on=["attack", "metric"], suffixes=("", "_copy"))
    assert set(ours.metric) - set(both.metric) == {"map_random"} and len(both) > 40
    for column in ("value", "low", "high"):
        assert both[column].equals(both[f"{column}_copy"])


def test_oddities_are_flagged(tmp_path: Path) -> None:
    odd = """
class Odd(nn.Module):
    def forward(self, images):
        return (images.mean((2, 3)) > 0.5).float() * torch.rand(len(images), 3)
def load():
    return Odd()
"""
    done = run(tmp_path, file_of(tmp_path, odd), "--attack", "noise,fgsm")
    assert done.returncode == 1 and "fgsm needs gradients, and mine.py:load-Odd-3 has none" in done.stderr
    noise, fgsm = read_results(tmp_path / "out").cells
    assert fgsm.status == "skipped"
    found = {flag.flag for flag in noise.flags}
    assert {"random-outputs", "training-mode", "no-gradient", "zero-outputs", "never-negative"} <= found


def test_a_model_travels_and_transfers_and_is_known_by_its_content(users: tuple[Path, nn.Module], tmp_path: Path) -> None:
    folder, _ = users
    loader = loader_of(f"{folder / 'mine.py'}:load")
    here = foreign(loader, 32)
    again = pickle.loads(pickle.dumps(here))  # noqa: S301 - our own
    assert again == here and again.again().bits == 48
    for change in (lambda net: net.fc.bias.data.add_(1), lambda net: setattr(net.bn1, "eps", 1e-3)):
        model = loader()
        change(model.module)
        assert content_of(model, loader.content()) != here.content
    linear = "def load():\n    torch.manual_seed(0)\n    return nn.Sequential(nn.Flatten(), nn.Linear(3072, 8))"
    both = ("--model", file_of(tmp_path, linear, "line.py"), "--attack", "fgsm", "--transfer")
    done = run(tmp_path, f"{folder / 'mine.py'}:load", *both)
    assert done.returncode == 0, done.stderr
    assert len(pd.read_csv(tmp_path / "out" / "transfer.csv")) == 4
    assert "Nothing is to be made" in run_plan(tmp_path, f"{folder / 'mine.py'}:load", *both)


def test_two_functions_of_a_file_and_what_lies_beside_it(tmp_path: Path) -> None:
    (tmp_path / "beside.py").write_text(
        "from torch import nn\n\n\nclass Net(nn.Module):\n    def __init__(self, shift):\n        super().__init__()\n"
        "        self.shift, self.layer = shift, nn.Linear(3072, 8)\n\n"
        "    def forward(self, images):\n        return self.layer(images.flatten(1) - self.shift)\n"
    )
    body = "from beside import Net\ndef load():\n    torch.manual_seed(0)\n    return Net(0.5)\ndef other():\n    torch.manual_seed(0)\n    return Net(0.0)"
    text = file_of(tmp_path, body, "two.py")
    both = ("--model", text.replace(":load", ":other"), "--attack", "noise", "--benchmark", "targeted")
    done = run(tmp_path, text, *both)
    assert done.returncode == 0, done.stderr
    table = pd.read_csv(tmp_path / "out" / "results.csv").query("metric == 'map_clean'")
    assert set(table.hasher) == {"two.py:load", "two.py:other"} and table.value.nunique() == 2
    trained = ("--hasher", TINY[5], "--backbone", TINY[3], "--bits", "12")
    mixed = hashbench("plan", "--model", text, *trained, "--dataset", DATA, "--attack", "noise", "--store", str(tmp_path / "store"))
    assert mixed.returncode == 0 and "two.py:load-Net-8" in mixed.stdout and "-12" in mixed.stdout, mixed.stderr


def run_plan(folder: Path, model: str, *more: str) -> str:
    done = hashbench("plan", "--model", model, "--dataset", DATA, "--store", str(folder / "store"), *more)
    return done.stdout
