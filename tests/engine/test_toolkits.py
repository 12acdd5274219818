"""Weights of the toolkits that the field trains in, and cards of networks that no plugin made."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from helpers import hashbench
from networks import DeepHashAlexNet, DeepHashResNet, FireResNet, normalised
from torch import nn

import hashbench as hb
from hashbench.api import UserError, read_results
from hashbench.engine.models.toolkits import toolkit_model

MINE = """
import torch
from torch import nn

def load():
    torch.manual_seed(0)
    return nn.Sequential(nn.Flatten(), nn.Linear(3072, 8))
"""


@pytest.mark.parametrize(
    ("toolkit", "architecture", "network", "bits"),
    [
        ("deephash-pytorch", "AlexNet", DeepHashAlexNet, 24),
        ("deephash-pytorch", "ResNet18", DeepHashResNet, 16),
        ("fire", "ResNet18", FireResNet, 64),
    ],
)
def test_weights_of_a_toolkit(toolkit: str, architecture: str, network: type[nn.Module], bits: int, tmp_path: Path) -> None:
    torch.manual_seed(2)
    theirs = network(bits).eval()
    torch.save(theirs.state_dict(), tmp_path / "best.pth")
    model = toolkit_model(toolkit, architecture, tmp_path / "best.pth").eval()
    images = torch.rand(2, 3, 224, 224)
    assert torch.equal(model(images), theirs(normalised(images))) and model.size == 224
    other = "ResNet34" if architecture != "AlexNet" else "ResNet18"
    with pytest.raises(UserError, match=r"lacks (feature_layers|hash_layer|backbone)"):
        toolkit_model(toolkit, other, tmp_path / "best.pth")
    with pytest.raises(UserError, match=f"did you mean '{architecture}'"):
        toolkit_model(toolkit, architecture.lower(), tmp_path / "best.pth")


def test_cards_of_networks_that_no_plugin_made(tmp_path: Path) -> None:
    store = ("--store", str(tmp_path / "store"))
    torch.manual_seed(2)
    theirs = DeepHashResNet(16).eval()
    torch.save(theirs.state_dict(), tmp_path / "best.pth")
    toolkit = f"deephash-pytorch:ResNet18:{tmp_path / 'best.pth'}"
    few = ("--dataset", "shapes[train=8,database=16,queries=4]")
    done = hashbench("hasher", "export", str(tmp_path / "theirs"), "--model", toolkit, *few, *store)
    assert done.returncode == 0, done.stderr
    assert hashbench("hasher", "import", str(tmp_path / "theirs"), *store).returncode == 0
    shown = hashbench("hasher", "show", *store)
    assert "theirs: _Chain of deephash-pytorch:ResNet18, 16 bits, 224 px, measured on shapes" in shown.stdout, shown.stdout
    images = torch.rand(2, 3, 224, 224)
    assert torch.equal(hb.load("theirs", store=tmp_path / "store")(images), theirs(normalised(images)))
    attacked = hashbench("run", "--imported", "theirs", *few, "--attack", "noise", "--out", str(tmp_path / "run"), *store)
    assert attacked.returncode == 0, attacked.stderr
    assert {cell.at.target.label for cell in read_results(tmp_path / "run").cells} == {"ResNet18@theirs-_Chain-16"}

    (tmp_path / "mine.py").write_text(MINE)
    own = ("hasher", "export", str(tmp_path / "own"), "--model", f"{tmp_path / 'mine.py'}:load", *few, *store)
    assert hashbench(*own).returncode == 0
    refused = hashbench("run", "--imported", str(tmp_path / "own"), *few, "--attack", "noise", *store)
    assert refused.returncode == 2 and "a network of mine.py:load, whose code no card holds" in refused.stderr
