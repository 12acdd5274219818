"""Quick training: the trunk stays, and the hash layer learns on features that are computed once."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from helpers import CPU, small_split

from hashbench.api import Run, UserError
from hashbench.engine.machine.seeds import seeded
from hashbench.plugins import registry
from hashbench.plugins.configure import configure


@pytest.mark.parametrize("name", ["dpsh", "dph", "hashnet"])
def test_the_trunk_stays_and_the_layer_is_that_of_training_on_its_features(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    split = small_split(rows=32, side=16)
    kept, whole = (configure("hashers", f"{name}[epochs=2,batch_size=8,trunk_rate={rate}]") for rate in (0.0, 1e-12))
    forwards, layers = [], []
    for method in (kept, whole):
        with seeded(0, CPU):
            hasher = method.build(configure("backbones", "convnet[width=8]").build(16), 8)
        before = {key: value.clone() for key, value in hasher.trunk.state_dict().items()}
        monkeypatch.setattr(hasher.trunk, "train", lambda mode=True, trunk=hasher.trunk: trunk)  # batch statistics differ
        hasher.trunk.training = False
        hasher.trunk.body.eval()
        seen = []
        hasher.trunk.register_forward_hook(lambda trunk, given, made, seen=seen: seen.append(len(made)))
        method.fit(hasher, split, Run(0, CPU, batch_size=16))
        assert all(torch.allclose(value, before[key], atol=1e-9) for key, value in hasher.trunk.state_dict().items())
        forwards.append(sum(seen))
        layers.append(hasher.head.weight.detach().clone())
    assert forwards == [32, 64]
    assert torch.allclose(*layers, atol=1e-5)


def test_quick_keeps_the_trunk_and_most_else_is_the_releases() -> None:
    for name in ("dpsh", "dph", "hashnet"):
        assert dict(registry.load("hashers", name).presets["quick"]) == {"epochs": 30, "trunk_rate": 0.0, "init": "default"}


def test_a_kept_trunk_is_in_evaluation_mode() -> None:
    split, method = small_split(rows=16, side=16), configure("hashers", "dpsh[epochs=1,trunk_rate=0.0]")
    with seeded(0, CPU):
        hasher = method.build(configure("backbones", "convnet[width=8]").build(16), 8)
    before = hasher.trunk.state_dict()["body.1.running_mean"].clone()
    method.fit(hasher, split, Run(0, CPU))
    assert torch.equal(hasher.trunk.state_dict()["body.1.running_mean"], before)
    assert len(hasher(split.images(np.arange(2), CPU))) == 2


def test_images_that_change_are_not_looked_at_once() -> None:
    with pytest.raises(UserError, match="augment changes images, and trunk_rate=0 looks at them once"):
        configure("hashers", "dpsh[augment=true,trunk_rate=0.0]")
