"""Attacks of foolbox through the adapter, against ours."""

from __future__ import annotations

import sys

import pytest
import torch
from helpers import CPU, linear_hasher, perturb, small_split

from hashbench.api import Budget, UserError
from hashbench.plugins.configure import configure
from hashbench.testing import attack_findings

CODES = torch.where(torch.rand(4, 8, generator=torch.Generator().manual_seed(1)) < 0.5, -1.0, 1.0)


def test_linf_pgd_makes_the_images_that_ifgsm_makes() -> None:
    theirs, ours = (
        perturb(text, linear_hasher(), small_split(), Budget(), CODES) for text in ("foolbox[steps=20]", "ifgsm[steps=20]")
    )
    assert torch.allclose(theirs, ours, atol=1e-6)


def test_fgsm_is_one_step_of_epsilon() -> None:
    theirs, ours = (perturb(text, linear_hasher(), small_split(), Budget(), CODES) for text in ("foolbox[name=FGSM]", "fgsm"))
    assert torch.allclose(theirs, ours, atol=1e-6)


def test_an_attack_that_minimises_its_distance_moves_codes_too() -> None:
    split, hasher = small_split(), linear_hasher()
    images = split.images(torch.arange(4).numpy(), CPU)
    adversarial = perturb("foolbox[name=L2CarliniWagnerAttack,steps=40]", hasher, split, Budget(norm="l2", epsilon=1.0), CODES)
    with torch.no_grad():
        before, after = ((torch.tanh(hasher(x)) * CODES).mean() for x in (images, adversarial))
    assert after > before


def test_it_keeps_the_contract_but_for_waiting_on_the_device() -> None:
    assert {finding.rule for finding in attack_findings(configure("attacks", "foolbox[steps=3]"))} == {"meta"}


def test_an_unknown_attack_and_a_missing_library_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UserError, match="L2PGD measures another norm than L-inf"):
        perturb("foolbox[name=L2PGD]", linear_hasher(), small_split(), Budget(), CODES)
    with pytest.raises(UserError, match="did you mean 'LinfPGD'"):
        perturb("foolbox[name=LinfPDG]", linear_hasher(), small_split(), Budget(), CODES)
    monkeypatch.setitem(sys.modules, "foolbox", None)
    with pytest.raises(UserError, match=r"hashbench\[foolbox\]"):
        perturb("foolbox", linear_hasher(), small_split(), Budget(), CODES)


def test_an_l2_attack_goes_as_far_as_its_budget() -> None:
    split, budget = small_split(), Budget(0.5, "l2")
    images = split.images(torch.arange(4).numpy(), CPU)
    moved = perturb("foolbox[name=L2PGD]", linear_hasher(), split, budget, CODES) - images
    assert (moved.flatten(1).norm(dim=1) > 0.45).all(), "steps of 1/255 are for L-inf"
