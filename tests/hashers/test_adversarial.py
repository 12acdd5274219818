"""Adversarial training: its terms, its inner attack, and the hasher that it starts from."""

from __future__ import annotations

import math
from copy import deepcopy
from typing import Any

import numpy as np
import pytest
import torch
from helpers import CPU, sibling, small_split
from torch import Tensor

from hashbench.api import Budget, FittedAim, Goal, LabelledCodes, Run, TrunkHasher, sign
from hashbench.engine.machine.lowering import training_in
from hashbench.engine.machine.seeds import seeded
from hashbench.plugins.configure import configure

INNER = "attack=ifgsm[steps=4,step_size=2/255,start=uniform]"


def draw(*shape: int, seed: int) -> Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed)).double() * 1.8 - 0.9


@pytest.fixture
def seen() -> Any:
    module = sibling("hashers", "saat", "adversarial")
    batch = sibling("hashers", "dpsh", "training").Batch
    labels = torch.eye(3)[[0, 1, 2, 0, 1]].double()
    clean = batch(torch.tensor([1, 3]), labels[[1, 3]], draw(2, 4, seed=1), draw(2, 6, seed=2))
    taught = batch(torch.tensor([1, 3]), labels[[1, 3]], draw(2, 4, seed=3), draw(2, 6, seed=4))
    return module.Seen(clean, draw(2, 6, seed=5), draw(2, 4, seed=6), draw(2, 6, seed=7).sign(), draw(5, 6, seed=8), labels, taught)


def test_the_terms_of_cgat_and_saat_are_transcribed(seen: Any) -> None:
    pairs = list(zip(seen.changed.flatten().tolist(), seen.aimed.flatten().tolist(), strict=True))
    agree = -sum(f * -aimed for f, aimed in pairs) / 12  # the code is the opposite of what is aimed at
    apart = sum((f - math.copysign(1, f)) ** 2 for f, _ in pairs) / 12
    assert float(configure("hashers", "cgat").term(seen)) == pytest.approx(agree, abs=1e-12)
    saat = configure("hashers", "saat[weight=2,quantisation=0.3]")
    assert float(saat.term(seen)) == pytest.approx(2 * agree + 0.3 * apart, abs=1e-12)


def test_the_term_of_atrdh_is_transcribed(seen: Any) -> None:
    total = 0.0
    for i, row in enumerate((1, 3)):
        for j in range(5):
            s = 1 if (row % 3) == (j % 3) else -1
            total += (float(seen.changed[i] @ seen.bank[j]) / 6 - s) ** 2
    assert float(configure("hashers", "atrdh").term(seen)) == pytest.approx(total / 10, abs=1e-12)


def test_the_term_of_crdat_is_transcribed(seen: Any) -> None:
    codes = features = 0.0
    for i in range(2):
        codes -= (
            sum(f * math.copysign(1, t) for f, t in zip(seen.changed[i].tolist(), seen.taught.logits[i].tolist(), strict=True)) / 12
        )
        one, other = seen.changed_features[i], seen.taught.features[i]
        features += (1 - float(one @ other) / float(one.norm() * other.norm())) / 2
    assert float(configure("hashers", "crdat").term(seen)) == pytest.approx(codes + features, abs=1e-12)


def coloured(rows: int = 64) -> Any:
    """Images whose classes can be told by their red."""
    split = small_split(rows=rows, side=16)
    split._pixels[:, 0] = (split.labels.argmax(1) * 24 + 40).byte().numpy()[:, None, None]
    split._pixels[:, 1:] //= 4
    return split


def trained(name: str, split: Any) -> TrunkHasher:
    method = configure("hashers", name)
    with seeded(0, CPU):
        hasher: TrunkHasher = method.build(configure("backbones", "convnet[width=8]").build(16), 8)
        method.fit(hasher, split, Run(0, CPU))
    return hasher.eval()


BASE = "csq[epochs=20,rate=0.003,trunk_rate=1,optimiser=adam]"


def led_away(hasher: TrunkHasher, split: Any) -> float:
    """Mean agreement, in [-1, 1], of relaxed codes with those before an attack away from them."""
    module = sibling("hashers", "saat", "adversarial")
    images = split.images(np.arange(32), CPU)
    goal = Goal(split.labels[:32], split.labels[:32], tuple(range(32)))
    with torch.no_grad():
        codes = sign(hasher.eval()(images))
    with module.attackable(hasher, LabelledCodes(codes, split.labels[:32])) as victim:
        attacked = configure("attacks", "ifgsm[steps=20]").perturb(victim, {}, images, goal, -codes, Budget(8 / 255), Run(1, CPU))
    with torch.no_grad():
        return float((torch.tanh(hasher(attacked)) * codes).mean())


@pytest.mark.parametrize("name", ["saat", "cgat", "crdat"])
def test_training_on_attacked_images_makes_codes_harder_to_move(name: str) -> None:
    split = coloured()
    hasher = trained(BASE, split)
    before = led_away(hasher, split)
    method = configure("hashers", f"{name}[method={BASE},epochs=15,epsilon=8/255,optimiser=adam,rate=0.003,{INNER}]")
    with seeded(0, CPU):
        facts = method.fit(hasher, split, Run(0, CPU))
    assert led_away(hasher, split) > before
    assert facts == {"defence": "15 epochs of adversarial training of the whole network"}
    assert all(weight.requires_grad for weight in hasher.parameters())


def test_atrdh_brings_attacked_images_back_to_images_of_their_class() -> None:
    split, inner = coloured(), f"epochs=15,epsilon=8/255,rate=0.003,{INNER}"
    hasher, method = trained(BASE, split), configure("hashers", f"atrdh[method={BASE},{inner}]")
    images, rows = split.images(np.arange(64), CPU), torch.arange(64)

    def error() -> float:
        with torch.no_grad():
            bank = torch.tanh(hasher.eval()(images))
        aim = FittedAim(method.part("aim"), {})
        goal, run = method._goal(split.labels, split.labels.unique(dim=0), rows, Run(1, CPU))
        changed, _ = method._attacked(hasher, method.part("attack"), aim, images, goal, bank, split.labels, run)
        with torch.no_grad():
            pairs = torch.tanh(hasher(changed)) @ bank.T / 8
        return float((pairs - (2 * (split.labels @ split.labels.T > 0).float() - 1)).square().mean())

    before = error()
    with seeded(0, CPU):
        method.fit(hasher, split, Run(0, CPU))
    assert error() < before


def test_the_inner_attack_stays_in_its_budget_and_looks_in_evaluation_mode() -> None:
    split, method = coloured(16), configure("hashers", f"saat[epsilon=4/255,{INNER}]")
    hasher = trained(BASE.replace("20", "1", 1), split).train()
    images, modes = split.images(np.arange(8), CPU), set()
    hasher.trunk.register_forward_hook(lambda trunk, given, made: modes.add(trunk.training))
    bank = torch.rand(16, 8) - 0.5
    goal, run = method._goal(split.labels, split.labels.unique(dim=0), torch.arange(8), Run(0, CPU))
    changed, aimed = method._attacked(
        hasher, method.part("attack"), FittedAim(method.part("aim"), {}), images, goal, bank, split.labels, run
    )
    assert modes == {False} and 0 < (changed - images).abs().max() <= 4 / 255 + 1e-6
    assert aimed.shape == (8, 8) and aimed.abs().eq(1).all()
    with (
        pytest.raises(ZeroDivisionError),
        sibling("hashers", "saat", "adversarial").attackable(hasher, LabelledCodes(bank, split.labels)),
    ):
        raise ZeroDivisionError
    assert all(weight.requires_grad for weight in hasher.parameters())


def test_a_copy_of_a_trunk_that_trains_in_bf16_has_its_own_weights() -> None:
    """CRDAT's teacher is one."""
    hasher = trained(BASE.replace("20", "1", 1), coloured(16))
    images = coloured(16).images(np.arange(4), CPU)
    with training_in(hasher.trunk, "bf16"), torch.no_grad():
        teacher = deepcopy(hasher)
        before = teacher(images)
        for weight in hasher.parameters():
            weight.add_(1)
        assert torch.equal(teacher(images), before) and not torch.equal(hasher(images), before)


@pytest.mark.parametrize("bits", [8, 12])
def test_a_defence_goes_on_towards_the_centres_that_its_hasher_was_trained_to(bits: int) -> None:
    labels, trunk = torch.eye(4), configure("backbones", "convnet[width=8]").build(16)
    for name in ("csq", "mdsh"):
        method = configure("hashers", name)
        one, other = (method.begin(method.build(trunk, bits), labels, Run(seed, CPU)) for seed in (0, 1))
        assert all(torch.equal(one[key], other[key]) for key in ("centres", "ties"))


@pytest.mark.parametrize("name", ["orthohash", "bihalf", "saat[method=orthohash]", "hswd[method=orthohash]"])
def test_a_rest_of_one_image_is_left_out(name: str) -> None:
    text = name[:-1] + ",batch_size=8,epochs=1]" if name.startswith("saat") else name
    method = configure(
        "hashers", text.replace("orthohash", "orthohash[batch_size=8,epochs=1]").replace("bihalf", "bihalf[batch_size=8,epochs=1]")
    )
    with seeded(0, CPU):
        hasher = method.build(configure("backbones", "convnet[width=8]").build(16), 8)
        method.fit(hasher, small_split(rows=17, side=16), Run(0, CPU))
    assert all(torch.isfinite(weight).all() for weight in hasher.parameters())
