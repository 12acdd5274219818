"""ResNet50, ViT-B/16 and timm's networks as backbones; a hash layer on the features of one that stays."""

from __future__ import annotations

import builtins
from typing import Any

import pytest
import torch
from helpers import CPU, small_split
from safetensors.torch import save_file

from hashbench.api import Features, Run, Trunk, UserError, kept_features
from hashbench.engine.machine.seeds import seeded
from hashbench.plugins.configure import configure
from hashbench.testing import FINDINGS
from hashbench.testing.small import named

TINY = "timm[name=vit_tiny_patch16_224,weights=none]"


@pytest.mark.parametrize(("text", "width"), [("resnet50", 2048), ("vit-b-16", 768), (TINY, 192), ("timm[name=resnet18]", 512)])
def test_features_have_the_width_that_is_said(text: str, width: int) -> None:
    with torch.device("meta"):
        trunk = configure("backbones", text).build(32)
        assert trunk.width == width and trunk(torch.zeros(2, 3, 32, 32)).shape == (2, width)


@pytest.mark.parametrize("text", [TINY, "timm[name=resnet18,weights=none]"])
def test_networks_of_timm_keep_the_contract(text: str) -> None:
    assert FINDINGS["backbones"](named("backbones", text)) == []


def test_weights_from_a_file_are_those_of_the_network(tmp_path: Any) -> None:
    file = tmp_path / "vit.safetensors"
    with seeded(1, CPU):
        state = configure("backbones", TINY).build(32).body.state_dict()
    save_file({name: tensor + 1 for name, tensor in state.items()}, file)
    backbone = configure("backbones", TINY.replace("none", str(file)))
    trunk = backbone.build(32)
    facts = backbone.fit(trunk, small_split(side=32), Run(0, CPU))
    assert all(torch.equal(trunk.body.state_dict()[name], state[name] + 1) for name in state)
    assert facts["weights"] == "vit.safetensors" and len(backbone.inputs()["weights"]) == 64


def test_a_hash_layer_learns_on_the_kept_features_of_a_frozen_transformer() -> None:
    """20,000 images' features, of which a random transformer made the first few."""
    with seeded(0, CPU):
        trunk: Trunk = configure("backbones", TINY).build(32)
    seen = kept_features(trunk, small_split(side=32, rows=40), Run(0, CPU))
    rng = torch.Generator().manual_seed(0)
    labels = torch.randint(0, 10, (20_000,), generator=rng)
    centres = torch.randn(10, trunk.width, generator=rng)
    spread = seen.features.std()
    made = seen.features.mean(0) + spread * (centres[labels] + torch.randn(20_000, trunk.width, generator=rng))
    split = small_split(side=32, rows=20_000, classes=10)
    split.labels = torch.nn.functional.one_hot(labels, 10).float()
    before = {name: value.clone() for name, value in trunk.state_dict().items()}
    method = configure("hashers", "orthohash[epochs=2]", "quick")
    with seeded(0, CPU):
        hasher = method.build(trunk, 32)
        method.fit(hasher, Features(split, made), Run(0, CPU))
    with torch.no_grad():
        codes = hasher.eval().of_features(made[:500]).sign()
    agree, similar = codes @ codes.T / 32, split.labels[:500] @ split.labels[:500].T > 0
    assert agree[similar].mean() > agree[~similar].mean() + 0.5
    assert all(torch.equal(value, before[name]) for name, value in trunk.state_dict().items())


def test_wrong_sides_names_and_a_missing_library_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UserError, match="vit-b-16 cuts images into squares of 16 px: give a multiple of 16 as --image-size"):
        configure("backbones", "vit-b-16[weights=none]").check(40)
    with pytest.raises(UserError, match="are for images of 224 px: give --image-size 224, or --weights none"):
        configure("backbones", "vit-b-16").check(64)
    with pytest.raises(UserError, match=r"vit_tinny.*vit_"):
        configure("backbones", "timm[name=vit_tinny]").build(32)
    with pytest.raises(UserError, match="weights is 'imagenet': give pretrained, none, or a file"):
        configure("backbones", "timm[weights=imagenet]")
    real = builtins.__import__

    def without(name: str, *rest: Any) -> Any:
        if name == "timm":
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(UserError, match=r"needs the library timm: pip install 'hashbench\[timm\]'"):
        configure("backbones", TINY).build(32)
