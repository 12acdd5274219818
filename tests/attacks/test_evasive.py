"""An attack on detectors too, and the detectors."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from helpers import linear_hasher, perturb, sibling, small_split
from hypothesis import given
from hypothesis import strategies as st
from scipy.ndimage import median_filter

from hashbench.api import Budget, Products
from hashbench.plugins.configure import configure
from hashbench.testing.benchmarks import small_products

SCORES = st.lists(st.integers(0, 5), min_size=1, max_size=12).map(lambda values: np.array(values) / 5)


def module() -> Any:
    return sibling("benchmarks", "detection", "detection")


def test_without_weight_it_is_ifgsm_and_with_it_detectors_see_less() -> None:
    codes = torch.where(torch.rand(4, 8, generator=torch.Generator().manual_seed(1)) < 0.5, -1.0, 1.0)
    hasher = linear_hasher()
    made = {
        text: perturb(text, hasher, small_split(), Budget(), codes)
        for text in (
            *("ifgsm[steps=20]", "evasive[steps=20,weight=0]", "evasive[steps=20,weight=5]"),
            *("ifgsm[steps=20,anneal=tenths]", "evasive[steps=20,weight=0,anneal=tenths]"),
        )
    }
    plain, same, evasive, annealed, too = made.values()
    assert torch.equal(plain, same) and not torch.equal(plain, evasive)
    assert torch.equal(annealed, too) and not torch.equal(annealed, same)

    def seen(images: torch.Tensor) -> float:
        with torch.no_grad():
            logits, denoised = (hasher(one) for one in (images, sibling("attacks", "evasive", "evasive").median(images)))
        loose = (torch.tanh(logits).abs() - 1).square().mean(1) - (torch.tanh(denoised) * codes).mean(1)
        return float(loose.mean())

    assert seen(evasive) < seen(plain)


def test_the_median_is_scipy_s() -> None:
    images = torch.rand(2, 3, 7, 9, generator=torch.Generator().manual_seed(0))
    made = sibling("attacks", "evasive", "evasive").median(images)
    assert np.allclose(made.numpy(), median_filter(images.numpy(), (1, 1, 3, 3), mode="nearest"))


@given(SCORES, SCORES)
def test_the_area_is_the_chance_of_a_larger_score(clean: np.ndarray, attacked: np.ndarray) -> None:
    pairs = [(a > c) + 0.5 * (a == c) for a in attacked for c in clean]
    assert module().areas(clean, attacked).mean() == pytest.approx(np.mean(pairs))


def test_scores_are_those_of_logits_by_hand() -> None:
    products = replace(small_products(), database_codes=np.array([[1, 1, 1], [-1, 1, 1]], dtype=np.int8))
    logits = np.array([[0.5, -0.1, 2.0], [-0.5, 0.2, 1.0]])
    products = replace(products, logits=lambda images: logits[: len(images)])
    look, u = module().Look.at(products, np.zeros((2, 3, 4, 4), dtype=np.uint8)), np.abs(np.tanh(logits))
    assert np.allclose(module().margin(look), 1 - u.mean(1))
    assert np.allclose(module().quantisation(look), ((u - 1) ** 2).mean(1))
    assert np.allclose(module().distance(look), [1 / 3, 0])
    assert np.allclose(module().denoising(look), 0)


@given(st.integers(1, 200))
def test_no_more_than_five_percent_of_clean_scores_are_alarms_and_one_more_would_be(count: int) -> None:
    clean = np.random.default_rng(count).permutation(count).astype(np.float64)
    alarms = int((clean > module().threshold(clean)).sum())
    assert 20 * alarms <= count < 20 * (alarms + 1)


def test_images_that_are_moved_far_are_found_and_clean_ones_are_not() -> None:
    products = small_products()

    def logits(images: np.ndarray) -> np.ndarray:
        near = 0.01 if images is products.adversarial else 1.0
        return near * np.linspace(1, 2, 6 * 8).reshape(6, 8)[: len(images)]

    rows = {row.metric: row.value for row in configure("benchmarks", "detection").measure(replace(products, logits=logits)).rows}
    assert rows["detected_margin"] == rows["detected_quantisation"] == rows["hits_margin"] == 1.0
    still: Products = replace(products, logits=logits, adversarial=products.clean_pixels)
    rows = {row.metric: row.value for row in configure("benchmarks", "detection").measure(still).rows}
    assert rows["detected_margin"] == 0.5 and rows["hits_margin"] == 0.0
