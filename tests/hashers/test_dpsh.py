"""DPSH's loss against its formula, and its training."""

from __future__ import annotations

import importlib

import numpy as np
import pytest
import torch
from helpers import CPU, small_split

from hashbench.api import Run
from hashbench.engine.machine.seeds import seeded
from hashbench.plugins import registry
from hashbench.plugins.configure import configure


def test_loss_equals_a_transcription_in_float64() -> None:
    rng = torch.Generator().manual_seed(0)
    batch, rows, bits = 5, 7, 6
    u, bank = torch.rand(batch, bits, generator=rng).double() * 2 - 1, torch.rand(rows, bits, generator=rng).double() * 2 - 1
    similar = (torch.rand(batch, rows, generator=rng) < 0.5).double()
    likelihood = quantisation = 0.0
    for i in range(batch):
        for j in range(rows):
            theta = float(u[i] @ bank[j]) / 2
            likelihood += float(similar[i, j]) * theta - np.log(1 + np.exp(theta))
        quantisation += sum((np.sign(float(v)) - float(v)) ** 2 for v in u[i])
    loss = importlib.import_module(registry.load("hashers", "dpsh").__module__).dpsh_loss(u, bank, similar, 50.0)
    assert float(loss) == pytest.approx(-likelihood / (rows * batch) + 50 * quantisation / (rows * batch), abs=1e-12)


def test_defaults_are_the_releases() -> None:
    method = configure("hashers", "dpsh")
    assert (method.epochs, method.batch_size, method.optimiser, method.rate) == (100, 32, "sgd", 0.05)
    assert (method.weight_decay, method.quantisation, method.augment) == (1e-5, 50.0, False)


def test_training_pulls_similar_codes_together() -> None:
    split = small_split(rows=64)
    backbone, method = (
        configure("backbones", "convnet[width=8]"),
        configure("hashers", "dpsh[epochs=12,rate=0.003,optimiser=adamw,quantisation=1]"),
    )
    with seeded(0, CPU):
        hasher = method.build(backbone.build(16), 8)
    images = torch.nn.functional.interpolate(split.images(np.arange(64), CPU), 16)
    images[:, 0] = split.labels.argmax(1)[:, None, None] / 4
    split._pixels = (images * 255).byte().numpy()
    method.fit(hasher, split, Run(0, CPU))
    with torch.no_grad():
        codes = hasher.eval()(split.images(np.arange(64), CPU)).sign()
    agree, similar = codes @ codes.T / 8, split.labels @ split.labels.T > 0
    assert agree[similar].mean() > agree[~similar].mean() + 0.4


def test_small_images_are_refused_by_name() -> None:
    from hashbench.api import UserError

    with pytest.raises(UserError, match="alexnet needs images of at least 63 px"):
        configure("backbones", "alexnet").check(32)


@pytest.mark.parametrize(
    ("backbone", "size", "width"), [("alexnet", 63, 4096), ("vgg11", 32, 4096), ("resnet18", 32, 512), ("convnet", 16, 256)]
)
def test_backbones_take_their_smallest_image(backbone: str, size: int, width: int) -> None:
    with torch.device("meta"):
        trunk = configure("backbones", backbone).build(size)
        assert trunk(torch.zeros(2, 3, size, size)).shape == (2, width)
