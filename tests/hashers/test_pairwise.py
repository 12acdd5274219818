"""DPH's and HashNet's losses against their formulas, and HashNet's continuation."""

from __future__ import annotations

import importlib
import math

import numpy as np
import pytest
import torch
from helpers import CPU, small_split
from torch import Tensor

from hashbench.api import Run, TrunkHasher, UserError
from hashbench.engine.machine.seeds import seeded
from hashbench.plugins import registry
from hashbench.plugins.configure import configure


def draw(seed: int = 0) -> tuple[Tensor, Tensor, Tensor]:
    rng = torch.Generator().manual_seed(seed)
    u, bank = torch.rand(5, 6, generator=rng).double() * 2 - 1, torch.rand(7, 6, generator=rng).double() * 2 - 1
    return u, bank, (torch.rand(5, 7, generator=rng) < 0.4).double()


def loss_of(name: str) -> object:
    return getattr(importlib.import_module(registry.load("hashers", name).__module__), f"{name}_loss")


def test_dph_equals_a_transcription_in_float64() -> None:
    u, bank, similar = draw()
    total = 0.0
    for i in range(5):
        for j in range(7):
            s = 1.0 if similar[i, j] else -1.0
            total += (sum(float(a) * float(b) for a, b in zip(u[i], bank[j], strict=True)) / 6 - s) ** 2
    assert float(loss_of("dph")(u, bank, similar)) == pytest.approx(total / 35, abs=1e-12)


@pytest.mark.parametrize("alike", [None, 0.0, 1.0])
def test_hashnet_equals_a_transcription_in_float64(alike: float | None) -> None:
    u, bank, similar = draw()
    if alike is not None:
        similar.fill_(alike)
    positives = int(similar.sum())
    total = 0.0
    for i in range(5):
        for j in range(7):
            z = 0.1 * float(u[i] @ bank[j])
            if similar[i, j]:
                total += 35 / positives * (math.log(1 + math.exp(z)) - z)
            else:
                total += 35 / (35 - positives) * math.log(1 + math.exp(z))
    assert float(loss_of("hashnet")(u, bank, similar, 0.1)) == pytest.approx(total / 35, abs=1e-12)


def test_hashnets_scale_grows_with_training_steps_and_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    method = configure("hashers", "hashnet[epochs=3,batch_size=8,growth=0.5,refresh=4,rate=0.001]")
    split = small_split(rows=24, side=16)
    with seeded(0, CPU):
        hasher = method.build(configure("backbones", "convnet[width=8]").build(16), 8)
    seen: list[float] = []
    step = type(method).step

    def spy(self: object, hasher: TrunkHasher, *rest: object) -> Tensor:
        seen.append(float(hasher.scale))
        return step(self, hasher, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(type(method), "step", spy)
    method.fit(hasher, split, Run(0, CPU))
    assert seen == pytest.approx([1, 1, 1, *[math.sqrt(3)] * 4, *[math.sqrt(5)] * 2])
    # as the release counts: the 4th training forward is the first at a new scale
    assert float(hasher.state_dict()["scale"]) == pytest.approx(math.sqrt(5))
    images = split.images(np.arange(2), CPU)
    with torch.no_grad():
        assert torch.allclose(hasher.eval()(images), math.sqrt(5) * hasher.head(hasher.trunk(images)))
    seen.clear()
    method.fit(hasher, split, Run(0, CPU))
    assert seen == pytest.approx([math.sqrt(5)] * 9), "training that goes on keeps the scale it finds"


def test_defaults_are_the_releases_and_wrong_values_are_told() -> None:
    hashnet, dph = configure("hashers", "hashnet"), configure("hashers", "dph")
    assert (hashnet.alpha, hashnet.growth, hashnet.refresh) == (0.1, 0.005, 200)
    assert (dph.epochs, dph.batch_size, dph.optimiser, dph.rate, dph.weight_decay) == (100, 32, "sgd", 0.05, 1e-5)
    with pytest.raises(UserError, match="refresh is 0: give at least 1"):
        configure("hashers", "hashnet[refresh=0]")


@pytest.mark.parametrize("name", ["dph", "hashnet"])
def test_training_pulls_similar_codes_together(name: str) -> None:
    split = small_split(rows=64, side=16)
    split._pixels[:, 0] = (split.labels.argmax(1) * 63).byte().numpy()[:, None, None]
    method = configure("hashers", f"{name}[epochs=12,rate=0.003,optimiser=adamw]")
    with seeded(0, CPU):
        hasher = method.build(configure("backbones", "convnet[width=8]").build(16), 8)
    method.fit(hasher, split, Run(0, CPU))
    with torch.no_grad():
        codes = hasher.eval()(split.images(np.arange(64), CPU)).sign()
    agree, similar = codes @ codes.T / 8, split.labels @ split.labels.T > 0
    assert agree[similar].mean() > agree[~similar].mean() + 0.4
