"""Smoothed hashers and their certificate: what is certified no attack moves."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from helpers import CPU, linear_hasher, perturb, sibling, small_split

from hashbench.api import Budget, Run, UserError, sign
from hashbench.engine.machine.seeds import seeded
from hashbench.plugins.configure import configure
from hashbench.testing.benchmarks import small_products


def test_no_attack_inside_the_radius_moves_more_bits_than_are_not_certified() -> None:
    """On a linear hasher, whose smoothed code is its code: 100 queries, APGD in L2 with five starts."""
    split, hasher = small_split(rows=100), linear_hasher()
    images = split.images(np.arange(100), CPU)
    products = replace(
        small_products(),
        clean_pixels=split.pixels(np.arange(100)),
        database_codes=np.ones((4, hasher.bits), dtype=np.int8),
        logits=lambda given: hasher(torch.from_numpy(given)).detach().numpy(),
    )
    sigma = 0.5
    codes, radii = configure("benchmarks", f"certificate[sigma={sigma}]").certify(products)
    with torch.no_grad():
        clean = sign(hasher(images))
    certain = np.isfinite(radii)
    assert certain.mean() > 0.3 and (codes == clean.numpy())[certain].all()
    moved_any = 0
    for radius in (0.1, 0.3, 1.0):
        budget = Budget(radius, "l2")
        attacked = perturb("apgd[steps=20,starts=5]", hasher, split, budget, -clean, count=100)
        with torch.no_grad():
            moved = (sign(hasher(attacked)) != clean).numpy()
        assert not (moved & (radii >= radius)).any()
        assert (moved.sum(1) <= (radii < radius).sum(1)).all()
        moved_any += int(moved.sum())
    assert moved_any > 0


def test_rows_are_floors_that_fall_with_the_radius() -> None:
    products = small_products()
    rng = np.random.default_rng(0)
    weights = rng.standard_normal((3 * 16 * 16, 8)).astype(np.float32)
    products = replace(products, logits=lambda given: (given.reshape(len(given), -1) - 0.5) @ weights)
    measured = configure("benchmarks", "certificate[draws=100,votes=20,radii=0+0.1+1]").measure(products)
    rows = {row.metric: row.value for row in measured.rows}
    assert 1 >= rows["certified_bits_0"] >= rows["certified_bits_0.1"] >= rows["certified_bits_1"] >= 0
    assert rows["smoothed_map"] >= rows["certified_map_0"] >= rows["certified_map_0.1"] >= rows["certified_map_1"] > 0
    cut = replace(products, protocol=replace(products.protocol, cutoff=2))
    metrics = {row.metric for row in configure("benchmarks", "certificate[draws=100,votes=20,radii=0+0.1+1]").measure(cut).rows}
    assert metrics == {name for name in rows if not name.startswith("certified_map")}, "the worst AP of all ranks is none of AP@N"


def test_a_smoothed_hasher_s_logits_come_near_their_expectation_and_repeat_with_the_seed() -> None:
    base = linear_hasher()
    smoothed: Any = sibling("hashers", "gaussian", "gaussian").SmoothedHasher(base, 0.1, 400).eval()
    images = small_split().images(np.arange(4), CPU)
    with torch.no_grad(), seeded(0, CPU):
        one = smoothed(images)
        noisy = images.repeat(4000, 1, 1, 1) + 0.1 * torch.randn(16_000, *images.shape[1:])
        wanted = torch.tanh(base(noisy)).view(4000, 4, -1).mean(0)
    with torch.no_grad(), seeded(0, CPU):
        again = smoothed(images)
    assert torch.allclose(one, wanted, atol=0.15) and torch.equal(one, again)
    assert smoothed.state_dict().keys() == base.state_dict().keys()


def test_training_sees_noise_of_its_sigma_and_other_noise_each_time() -> None:
    split = small_split(rows=32, side=16)
    noisy = sibling("hashers", "gaussian", "gaussian").NoisySplit(split, 0.5, torch.Generator().manual_seed(0))
    passes = [torch.cat([images for _, images in noisy.batches(8, CPU)]) - split.images(np.arange(32), CPU) for _ in range(2)]
    assert abs(float(passes[0].std()) - 0.5) < 0.01 and abs(float(passes[0].mean())) < 0.01
    assert not torch.equal(*passes)
    method = configure("hashers", "gaussian[method=csq,epochs=2,sigma=0.1,draws=3]")
    with seeded(0, CPU):
        hasher = method.build(configure("backbones", "convnet[width=8]").build(16), 8)
        before = hasher.trunk.state_dict()["body.0.weight"].clone()
        facts = method.fit(hasher, split, Run(0, CPU))
    assert not torch.equal(hasher.trunk.state_dict()["body.0.weight"], before)
    assert facts == {"defence": "2 epochs of training with Gaussian noise of 0.1"}


def test_wrong_values_are_told() -> None:
    for kind, text, says in (
        ("benchmarks", "certificate[sigma=0]", "sigma is 0: give more than 0"),
        ("benchmarks", "certificate[alpha=1]", "alpha is 1: give a share between 0 and 1"),
        ("benchmarks", "certificate[radii=a]", "write numbers with \\+ between them"),
        ("hashers", "gaussian[draws=-1]", "give sigma and draws of at least 0"),
    ):
        with pytest.raises(UserError, match=says):
            configure(kind, text)


def test_noise_of_an_image_does_not_depend_on_its_batch() -> None:
    split = small_split()
    smoothed = sibling("hashers", "gaussian", "gaussian").SmoothedHasher(linear_hasher(), 0.5, 3)
    images = split.images(np.arange(6), CPU)
    with torch.no_grad():
        with seeded(0, CPU):
            whole = smoothed(images)
        with seeded(0, CPU):
            apart = torch.cat([smoothed(images[:2]), smoothed(images[2:])])
    assert torch.allclose(whole, apart, atol=1e-6) and not torch.allclose(whole[0], whole[1])
