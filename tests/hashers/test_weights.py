"""Weights a backbone starts from: the file that is missing, damaged, another network's, or wants to run code."""

from __future__ import annotations

from pathlib import Path
from urllib.error import URLError

import pytest
import torch
from helpers import CPU, Trap, small_split
from safetensors.torch import save_file
from torch import nn

from hashbench.api import Run, UserError
from hashbench.engine.choices import Chosen
from hashbench.plugins.configure import configure


def fitted(weights: str) -> tuple[nn.Module, dict]:
    backbone = configure("backbones", f"resnet18[weights={weights}]")
    trunk = backbone.build(32)
    return trunk, backbone.fit(trunk, small_split(), Run(0, CPU))


@pytest.fixture
def state() -> dict[str, torch.Tensor]:
    body = configure("backbones", "resnet18").build(32).body
    return {name: tensor.clone() for name, tensor in body.state_dict().items()} | {"fc.weight": torch.ones(1000, 512)}


def test_missing_imagenet_weights_name_file_and_way_around(monkeypatch: pytest.MonkeyPatch) -> None:
    def offline(*_: object, **__: object) -> None:
        raise URLError("no network")

    monkeypatch.setattr(torch.hub, "load_state_dict_from_url", offline)
    with pytest.raises(UserError, match=r"resnet18-f37072fd\.pth.*checkpoints.*--weights none"):
        fitted("imagenet")


def test_damaged_imagenet_weights_are_refused() -> None:
    folder = Path(torch.hub.get_dir()) / "checkpoints"
    folder.mkdir(parents=True)
    (folder / "resnet18-f37072fd.pth").write_bytes(b"cut off")
    with pytest.raises(UserError, match="is damaged"):
        fitted("imagenet")


@pytest.mark.parametrize("suffix", [".safetensors", ".pth"])
def test_own_weights_are_loaded_and_their_hash_is_kept(tmp_path: Path, state: dict, suffix: str) -> None:
    file = tmp_path / f"own{suffix}"
    save_file(state, file) if suffix == ".safetensors" else torch.save(state, file)
    trunk, facts = fitted(str(file))
    assert all(torch.equal(trunk.body.state_dict()[name], state[name]) for name in trunk.body.state_dict())
    assert facts["weights"] == file.name and len(facts["weights_sha256"]) == 64
    keys = [Chosen("backbones", "resnet18", configure("backbones", f"resnet18[weights={file}]")).key for _ in range(2)]
    state["conv1.weight"] += 1
    save_file(state, file) if suffix == ".safetensors" else torch.save(state, file)
    changed = Chosen("backbones", "resnet18", configure("backbones", f"resnet18[weights={file}]")).key
    assert keys[0] == keys[1] != changed


def test_weights_that_do_not_fit_are_sentences(tmp_path: Path, state: dict) -> None:
    file = tmp_path / "own.safetensors"
    save_file({**state, "conv1.weight": torch.ones(3)}, file)
    with pytest.raises(UserError, match=r"conv1\.weight of shape \(3,\), not \(64, 3, 7, 7\)"):
        fitted(str(file))
    del state["conv1.weight"]
    save_file(state, file)
    with pytest.raises(UserError, match=r"lacks conv1\.weight"):
        fitted(str(file))
    file.write_bytes(b"no tensors")
    with pytest.raises(UserError, match="can't be read as weights"):
        fitted(str(file))
    with pytest.raises(UserError, match="there is no file of weights"):
        fitted(str(tmp_path / "nowhere.pth"))
    with pytest.raises(UserError, match=r"give imagenet, none, or a file that ends with \.safetensors"):
        fitted("imagnet")


@pytest.mark.parametrize("what", ["trap", "list", "module"])
def test_pickles_that_are_no_state_dict_do_not_run(tmp_path: Path, what: str) -> None:
    file, sprung = tmp_path / "own.pth", tmp_path / "sprung"
    torch.save({"trap": {"a": Trap(sprung)}, "list": [1, 2], "module": nn.Linear(2, 2)}[what], file)
    with pytest.raises(UserError, match=r"was not run|is no state dict"):
        fitted(str(file))
    assert not sprung.exists()
