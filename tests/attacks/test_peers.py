"""APGD and Square of torchattacks, which carries AutoAttack's own code, against ours on a model of how near a code is."""

from __future__ import annotations

import warnings
from types import ModuleType

import pytest
import torch
from helpers import CPU, linear_hasher, perturb, small_split, small_victim
from torch import Tensor, nn

from hashbench.api import Agreement, Budget, Hunt, Run, TrunkHasher
from hashbench.plugins.configure import configure

CODE = torch.where(torch.rand(1, 32, generator=torch.Generator().manual_seed(1)) < 0.5, -1.0, 1.0)
IMAGES = 64


@pytest.fixture(scope="module")
def torchattacks() -> ModuleType:
    """The library; it pins an old requests, so that .ci/run installs it by hand."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pytest.importorskip("torchattacks", reason="needs pip install --no-deps torchattacks")


class Nearness(nn.Module):
    """Two classes, of which the first is always the answer, by a margin that falls as the code comes nearer."""

    def __init__(self, hasher: TrunkHasher, signs: bool) -> None:
        super().__init__()
        self.hasher, self.signs = hasher, signs

    def agreement(self, images: Tensor) -> Tensor:
        logits = self.hasher(images)
        return ((logits.sign() if self.signs else torch.tanh(logits)) * CODE).mean(1)

    def forward(self, images: Tensor) -> Tensor:
        agreement = self.agreement(images)
        return torch.stack([2 - agreement, torch.zeros_like(agreement)], 1)


def curved() -> TrunkHasher:
    """A hasher that no attack turns wholly: where two attacks stop can be told apart."""
    torch.manual_seed(0)
    hasher = linear_hasher(32)
    hasher.trunk.body = nn.Sequential(nn.Flatten(), nn.Linear(192, 192), nn.Tanh(), nn.Linear(192, 192), nn.Tanh())
    hasher.trunk.body[1].weight.data *= 8
    hasher.head.weight.data *= 20
    return hasher.eval()


@pytest.mark.parametrize(("norm", "epsilon"), [("linf", 0.01), ("l2", 0.1)])
def test_apgd_reaches_what_autoattacks_does(torchattacks: ModuleType, norm: str, epsilon: float) -> None:
    hasher, split = curved(), small_split(IMAGES)
    images, labels = split.images(torch.arange(IMAGES).numpy(), CPU), torch.zeros(IMAGES, dtype=torch.long)
    model = Nearness(hasher, signs=False).eval()
    ours = perturb("apgd[steps=50]", hasher, split, Budget(epsilon, norm=norm), CODE.expand(IMAGES, -1), count=IMAGES)
    torch.manual_seed(0)
    peer = torchattacks.APGD(model, norm={"linf": "Linf", "l2": "L2"}[norm], eps=epsilon, steps=50)
    theirs = peer.attack_single_run(images, labels)[0].detach()
    assert model.agreement(ours).mean() > model.agreement(images).mean() + 0.05
    assert abs(model.agreement(ours).mean() - model.agreement(theirs).mean()) < 0.01


def test_square_reaches_what_autoattacks_does(torchattacks: ModuleType) -> None:
    hasher, split = curved(), small_split(IMAGES)
    images, labels = split.images(torch.arange(IMAGES).numpy(), CPU), torch.zeros(IMAGES, dtype=torch.long)
    model = Nearness(hasher, signs=True).eval()
    quest = Agreement(small_victim(hasher, split), CODE.expand(IMAGES, -1))
    hunt = Hunt(quest, {}, images, tuple(range(IMAGES)), Budget(0.05), Run(0, CPU))
    ours = configure("attacks", "square[queries=500]").search(hunt)
    peer = torchattacks.Square(model, eps=0.05, n_queries=500, p_init=0.8, loss="ce")
    peer.init_hyperparam(images)
    torch.manual_seed(0)
    theirs = peer.attack_single_run(images, labels)[1]
    assert abs(model.agreement(ours).mean() - model.agreement(theirs).mean()) < 0.01
