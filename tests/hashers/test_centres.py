"""Hash centres have the distances that their papers ask for."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from helpers import sibling
from hypothesis import given
from hypothesis import strategies as st


def module() -> Any:
    return sibling("hashers", "csq", "centres")


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize(("classes", "bits"), [(10, 16), (32, 16), (21, 32), (100, 64), (128, 64)])
def test_rows_of_a_hadamard_matrix_are_half_the_bits_apart_or_opposite(classes: int, bits: int) -> None:
    centres = module().central_codes(classes, bits, generator())
    agree = (centres @ centres.T - bits * torch.eye(classes)).unique().tolist()
    assert centres.shape == (classes, bits) and set(agree) <= {0.0, float(-bits)}


@pytest.mark.parametrize(("classes", "bits"), [(10, 48), (24, 48), (21, 12), (100, 32), (80, 24)])
def test_draws_where_no_hadamard_matrix_serves_are_far_apart(classes: int, bits: int) -> None:
    centres = module().central_codes(classes, bits, generator())
    nearest, mean = module().distances(centres)
    assert centres.abs().eq(1).all() and centres.sum(1).abs().le(bits % 2).all()
    assert mean >= 0.49 * bits
    assert nearest > bits / 4 or (classes, bits) in ((21, 12), (100, 32), (80, 24))
    assert nearest > 0


@pytest.mark.parametrize(
    ("classes", "bits"), [(2, 8), (2, 64), (10, 12), (10, 16), (10, 32), (21, 32), (24, 48), (80, 64), (100, 64)]
)
def test_spread_centres_are_as_far_apart_as_promised(classes: int, bits: int) -> None:
    centres = module().spread_codes(classes, bits, generator())
    assert centres.shape == (classes, bits) and centres.abs().eq(1).all()
    assert module().distances(centres)[0] >= module().promised_distance(classes, bits)


def test_the_promise_is_the_bound_of_gilbert_and_varshamov() -> None:
    """Codes that can be listed: one after another, each with all nearer than d struck off, gives at least as many as asked."""
    for bits, classes in ((4, 2), (5, 4), (6, 3), (7, 8)):
        distance = module().promised_distance(classes, bits)
        left, taken = list(range(2**bits)), 0
        while left:
            first, taken = left[0], taken + 1
            left = [code for code in left if (code ^ first).bit_count() >= distance]
        assert taken >= classes


@given(st.integers(1, 6), st.integers(1, 12), st.integers(0, 99))
def test_an_image_is_drawn_to_the_majority_of_its_centres(classes: int, bits: int, seed: int) -> None:
    rng = generator(seed)
    centres = torch.randint(0, 2, (classes, bits), generator=rng).float() * 2 - 1
    labels = torch.randint(0, 2, (5, classes), generator=rng).float()
    ties = module().draw_ties(bits, rng)
    wanted = module().majority(labels, centres, ties)
    for row, label in zip(wanted, labels, strict=True):
        for bit in range(bits):
            votes = sum(float(centres[c, bit]) for c in range(classes) if label[c])
            assert float(row[bit]) == (float(torch.sign(ties[bit])) if votes == 0 else (1.0 if votes > 0 else -1.0))
