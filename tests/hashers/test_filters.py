"""Defences that change an image before it is hashed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from helpers import CPU, small_split
from torch import Tensor
from torchvision.io import decode_jpeg, encode_jpeg

from hashbench.api import Run, TrunkHasher, UserError
from hashbench.engine.machine.seeds import seeded
from hashbench.plugins.configure import configure

IMAGES = small_split(side=32).images(np.arange(6), CPU)


def filter_of(text: str) -> Any:
    with seeded(0, CPU):
        return configure("hashers", text).filter()


def built(text: str) -> TrunkHasher:
    with seeded(0, CPU):
        hasher: TrunkHasher = configure("hashers", text).build(configure("backbones", "convnet[width=8]").build(32), 8)
    return hasher.eval()


def test_jpeg_is_what_the_codec_leaves() -> None:
    left = torch.stack([decode_jpeg(encode_jpeg((image * 255).round().byte(), 30)) for image in IMAGES]) / 255
    assert torch.allclose(filter_of("jpeg[quality=30]")(IMAGES), left, atol=1e-6)


def test_fewer_bits_are_as_many_values_and_the_nearest() -> None:
    values = filter_of("bits[depth=2]")(torch.linspace(0, 1, 256).view(1, 1, 16, 16).expand(1, 3, 16, 16))
    assert torch.allclose(values.unique(), torch.tensor([0, 1, 2, 3]) / 3)
    assert torch.allclose(filter_of("bits[depth=8]")(IMAGES), IMAGES, atol=1e-6)
    assert (filter_of("bits[depth=4]")(IMAGES) - IMAGES).abs().max() <= 0.5 / 15 + 1e-6


@pytest.mark.parametrize("text", ["jpeg", "bits"])
def test_gradients_go_straight_through(text: str) -> None:
    leaf, weights = IMAGES.clone().requires_grad_(True), torch.rand_like(IMAGES)
    assert torch.equal(torch.autograd.grad((filter_of(text)(leaf) * weights).sum(), leaf)[0], weights)


def test_resizing_keeps_what_is_flat_and_has_a_gradient() -> None:
    flat = torch.full((2, 3, 32, 32), 0.3)
    assert torch.allclose(filter_of("resize[scale=0.5]")(flat), flat, atol=1e-6)
    leaf = IMAGES.clone().requires_grad_(True)
    assert torch.autograd.grad(filter_of("resize")(leaf).sum(), leaf)[0].abs().sum() > 0


def test_a_random_size_and_place_are_drawn_anew_and_repeat_with_the_seed() -> None:
    resize = filter_of("resize[scale=0.5,random=true]")

    def made(seed: int) -> list[Tensor]:
        with seeded(seed, CPU):
            return [resize(torch.ones(1, 3, 32, 32)) for _ in range(8)]

    with seeded(1, CPU):
        whole = resize(IMAGES)
    with seeded(1, CPU):
        parts = torch.cat([resize(IMAGES[:4]), resize(IMAGES[4:])])
    assert torch.equal(whole, parts)
    first, again = made(0), made(0)
    assert all(torch.equal(one, other) for one, other in zip(first, again, strict=True))
    areas = {round(float(one[0, 0].sum())) for one in first}
    assert len(areas) > 3 and all(16 * 16 - 1 <= area <= 32 * 32 for area in areas)


def test_a_filtered_hasher_hashes_filtered_images_and_the_outer_filter_comes_first() -> None:
    plain, one, two = built("dpsh"), built("jpeg[quality=30]"), built("bits[depth=1,method=jpeg[quality=30]]")
    jpeg, bits = filter_of("jpeg[quality=30]"), filter_of("bits[depth=1]")
    with torch.no_grad():
        assert torch.equal(one(IMAGES), plain(jpeg(IMAGES)))
        assert torch.equal(two(IMAGES), plain(jpeg(bits(IMAGES))))
        assert not torch.equal(two(IMAGES), plain(bits(jpeg(IMAGES))))


def test_a_purifier_passes_few_values_learns_and_has_a_gradient() -> None:
    purifier = filter_of("comdefend[share=0.1]")
    seen: list[Tensor] = []
    purifier.decoder.register_forward_pre_hook(lambda module, given: seen.append(given[0].detach()))
    leaf = IMAGES.clone().requires_grad_(True)
    made = purifier(leaf)
    assert set(seen[0].unique().tolist()) <= {0.0, 1.0} and seen[0].shape == (6, 12, 32, 32) and made.shape == IMAGES.shape
    assert torch.autograd.grad(made.sum(), leaf)[0].abs().sum() > 0
    method = configure("hashers", "comdefend[share=0.1,epochs=20,batch_size=8,rate=0.003,noise=1]")
    with seeded(0, CPU):
        hasher = method.build(configure("backbones", "convnet[width=8]").build(16), 8)
    split = small_split(rows=32, side=16)
    split._pixels[:] = split._pixels[:, :, :1, :1]  # flat images, which can be compressed
    images = split.images(np.arange(32), CPU)

    @torch.no_grad()
    def lost() -> float:
        return float((hasher.trunk.filters[0](images) - images).square().mean())

    before = lost()
    weights = {key: value.clone() for key, value in hasher.trunk.body.state_dict().items()}
    method.fit(hasher, split, Run(0, CPU))
    assert lost() < before
    assert all(torch.equal(value, weights[key]) for key, value in hasher.trunk.body.state_dict().items())


def test_wrong_values_are_told() -> None:
    for text, says in (
        ("jpeg[quality=0]", "quality is 0: give 1 to 100"),
        ("bits[depth=9]", "depth is 9: give 1 to 8"),
        ("resize[scale=0]", "scale is 0: give more than 0, and at most 1"),
    ):
        with pytest.raises(UserError, match=says):
            configure("hashers", text)
