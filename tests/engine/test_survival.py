"""Handled images: what each way does to pixels, and the rows it leaves."""

from __future__ import annotations

import importlib

import numpy as np
import pytest
import torch

from hashbench.plugins import registry
from hashbench.plugins.configure import configure
from hashbench.testing.benchmarks import small_products

survival = importlib.import_module(registry.load("benchmarks", "survival").__module__)
IMAGES = torch.from_numpy(np.random.default_rng(0).integers(0, 256, (2, 3, 16, 16), dtype=np.uint8))


def test_each_way_does_what_it_says() -> None:
    flat = torch.full((1, 3, 16, 16), 77, dtype=torch.uint8)
    for name, handle in survival.HANDLING.items():
        made = handle(IMAGES)
        assert made.shape == IMAGES.shape and made.dtype == torch.uint8 and not torch.equal(made, IMAGES), name
        assert (handle(flat).int() - 77).abs().max() <= 2, f"{name} leaves a flat image as it is, to the step of its levels"
    shifted = survival.shifted(IMAGES).int()
    assert torch.equal(shifted[..., 0], IMAGES[..., 0].int())
    assert (2 * shifted[..., 1:] - IMAGES[..., 1:].int() - IMAGES[..., :-1].int()).abs().max() <= 1
    assert len(torch.unique(survival.six_bits(torch.arange(256, dtype=torch.uint8).view(1, 1, 16, 16)))) == 64
    errors = [(survival.recoded(IMAGES, quality).int() - IMAGES.int()).abs().float().mean() for quality in (95, 75, 50)]
    assert errors[0] < errors[1] < errors[2]


def test_a_hasher_that_handling_does_not_move_keeps_its_numbers() -> None:
    products = small_products()
    still = {"hash": lambda images: products.attacked_codes}
    rows = {row.metric: row.value for row in survival.Survival().measure(type(products)(**{**vars(products), **still})).rows}
    wanted = {row.metric: row.value for row in configure("benchmarks", "targeted").measure(products).rows}
    assert len(rows) == 3 * len(survival.HANDLING)
    for name in survival.HANDLING:
        assert rows[f"t_map_{name}"] == pytest.approx(wanted["t_map"])
        assert rows[f"map_attacked_{name}"] == pytest.approx(wanted["map_attacked"])


def test_ssim_and_lpips() -> None:
    products = small_products()
    seen = {row.metric: row for row in configure("benchmarks", "perceptibility").measure(products).rows}
    assert seen["ssim"].per_query is not None and len(seen["ssim"].per_query) == 6 and 0.5 < seen["ssim"].value < 1
    assert "lpips" not in seen, "AlexNet's weights are not in the test's TORCH_HOME"
    same = type(products)(**{**vars(products), "adversarial": products.clean_pixels})
    assert {row.metric: row.value for row in configure("benchmarks", "perceptibility").measure(same).rows}["ssim"] == pytest.approx(
        1
    )
