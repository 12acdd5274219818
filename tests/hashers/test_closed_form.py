"""Hash layers in closed form: their optima, and that nothing is trained."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from helpers import CPU, sibling, small_split
from torch import Tensor

from hashbench.api import Features, Run, UserError
from hashbench.engine.machine.seeds import seeded
from hashbench.plugins.configure import configure


def module() -> Any:
    return sibling("hashers", "itq", "untrained")


def features(rows: int = 200, width: int = 12) -> Tensor:
    rng = torch.Generator().manual_seed(0)
    drawn = torch.randn(rows, width, generator=rng) * torch.linspace(3, 0.5, width)
    return drawn @ module().random_rotation(width, rng) + 5


def fitted(name: str, kept: Tensor, bits: int) -> Tensor:
    """Logits of the features that the hash layer was made from."""
    split = small_split(rows=len(kept))
    with seeded(0, CPU):
        hasher = configure("hashers", name).build(configure("backbones", "convnet[width=8]").build(16), bits)
        hasher.head = torch.nn.Linear(kept.shape[1], bits)
    configure("hashers", name).fit(hasher, Features(split, kept), Run(0, CPU))
    with torch.no_grad():
        return hasher.of_features(kept)


def test_principal_components_have_the_largest_variance() -> None:
    kept = features()
    kept = kept - kept.mean(0)
    components = module().principal(kept, 4)
    _, _, right = np.linalg.svd(kept.numpy())
    agree = np.abs(components.numpy().T @ right[:4].T)
    assert np.allclose(agree, np.eye(4), atol=1e-4)


@pytest.mark.parametrize("bits", [1, 4, 9])
def test_a_rotation_is_orthogonal(bits: int) -> None:
    rotation = module().random_rotation(bits, torch.Generator().manual_seed(1))
    assert torch.allclose(rotation @ rotation.T, torch.eye(bits), atol=1e-5)


def test_the_nearest_rotation_is_the_one_the_signs_were_turned_by() -> None:
    codes = torch.where(torch.randn(64, 5, generator=torch.Generator().manual_seed(2)) < 0, -1.0, 1.0)
    turn = module().random_rotation(5, torch.Generator().manual_seed(3))
    assert torch.allclose(module().nearest_rotation(codes @ turn.T, codes), turn, atol=1e-4)


def test_itq_is_nearer_to_its_signs_than_the_rotation_it_starts_from_and_no_step_loses() -> None:
    kept = features()
    errors = [
        float((logits - logits.sign()).square().mean())
        for logits in (fitted(f"itq[iterations={n}]", kept, 6) for n in (0, 1, 2, 5, 50))
    ]
    assert errors == sorted(errors, reverse=True) and errors[-1] < errors[0]
    assert torch.allclose(fitted("itq[iterations=0]", kept, 6), fitted("pca-rotation", kept, 6), atol=1e-4)


@pytest.mark.parametrize("name", ["itq", "lsh", "pca-rotation"])
def test_a_layer_is_centred_and_the_trunk_stays(name: str) -> None:
    kept = features()
    assert fitted(name, kept, 6).mean(0).abs().max() < 1e-3
    with seeded(0, CPU):
        hasher = configure("hashers", name).build(configure("backbones", "convnet[width=8]").build(16), 6)
    before = {key: value.clone() for key, value in hasher.trunk.state_dict().items()}
    facts = configure("hashers", name).fit(hasher, small_split(rows=16, side=16), Run(0, CPU))
    assert all(torch.equal(value, before[key]) for key, value in hasher.trunk.state_dict().items())
    assert facts == {"training": "none: the hash layer is in closed form"}


def test_more_bits_than_components_are_told() -> None:
    with pytest.raises(UserError, match="200 images with 12 features have no 13 principal components: give fewer --bits"):
        fitted("itq", features(), 13)
    assert fitted("lsh", features(), 13).shape == (200, 13)
