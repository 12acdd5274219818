"""Losses of hashing methods against slow transcriptions of their formulas in float64."""

from __future__ import annotations

import importlib
import itertools
import math
from typing import Any

import pytest
import torch
from helpers import sibling
from torch import Tensor

from hashbench.api import sign
from hashbench.plugins import registry


def module_of(name: str) -> Any:
    return importlib.import_module(registry.load("hashers", name).__module__)


def draw(*shape: int, seed: int = 0, reach: float = 2.0) -> Tensor:
    return (torch.rand(*shape, generator=torch.Generator().manual_seed(seed)).double() * 2 - 1) * reach


def signs(*shape: int, seed: int = 0) -> Tensor:
    return torch.where(draw(*shape, seed=seed) < 0, -1.0, 1.0).double()


LABELS = torch.tensor([[1, 0, 0], [0, 1, 1], [1, 0, 1], [0, 1, 0]]).double()
"""One class, or two."""


def cosine(left: list[float], right: list[float]) -> float:
    dot = sum(a * b for a, b in zip(left, right, strict=True))
    return dot / math.sqrt(sum(a * a for a in left)) / math.sqrt(sum(b * b for b in right))


def soft_entropy(scores: list[float], labels: list[float]) -> float:
    """Cross-entropy of a softmax with labels that are shared out evenly."""
    total = math.log(sum(math.exp(score) for score in scores))
    return sum(label / sum(labels) * (total - score) for score, label in zip(scores, labels, strict=True))


def test_csq() -> None:
    u, wanted = draw(4, 6, reach=0.9), signs(4, 6, seed=1)
    likelihood = quantisation = 0.0
    for a, t in zip(u.flatten().tolist(), wanted.flatten().tolist(), strict=True):
        likelihood -= math.log((1 + a) / 2 if t > 0 else (1 - a) / 2)
        quantisation += (abs(a) - 1) ** 2
    assert float(module_of("csq").csq_loss(u, wanted, 0.3)) == pytest.approx((likelihood + 0.3 * quantisation) / 24, abs=1e-12)


def test_dpn() -> None:
    v, wanted = draw(4, 6), signs(4, 6, seed=1)
    expected = sum(max(0.0, 0.7 - a * t) for a, t in zip(v.flatten().tolist(), wanted.flatten().tolist(), strict=True)) / 24
    assert float(module_of("dpn").dpn_loss(v, wanted, 0.7)) == pytest.approx(expected, abs=1e-12)


def test_orthohash() -> None:
    v, centres = draw(4, 6), signs(3, 6, seed=1)
    total = 0.0
    for row, labels in zip(v.tolist(), LABELS.tolist(), strict=True):
        scores = [8 * (cosine(row, centre) - 0.2 * label) for centre, label in zip(centres.tolist(), labels, strict=True)]
        total += soft_entropy(scores, labels)
    assert float(module_of("orthohash").orthohash_loss(v, centres, LABELS, 8, 0.2)) == pytest.approx(total / 4, abs=1e-12)


def test_greedyhash() -> None:
    v, scores = draw(4, 6), draw(4, 3, seed=1)
    total = sum(soft_entropy(row, labels) for row, labels in zip(scores.tolist(), LABELS.tolist(), strict=True)) / 4
    total += 0.1 * sum(abs(abs(a) - 1) ** 3 for a in v.flatten().tolist()) / 24
    assert float(module_of("greedyhash").greedyhash_loss(scores, v, LABELS, 0.1)) == pytest.approx(total, abs=1e-12)


def test_greedyhash_s_gradient_passes_the_sign() -> None:
    v = draw(4, 6).requires_grad_(True)
    codes = sibling("hashers", "greedyhash", "through").straight_through(v, sign(v))
    assert torch.equal(codes.detach(), torch.where(v >= 0, 1.0, -1.0).double())
    weights = draw(4, 6, seed=2)
    assert torch.equal(torch.autograd.grad((codes * weights).sum(), v)[0], weights)


@pytest.mark.parametrize("labels", [LABELS, torch.eye(4).double(), torch.ones(4, 1).double()])
def test_dch(labels: Tensor) -> None:
    u = draw(4, 6, reach=0.9)
    similar = (labels @ labels.T > 0).double()
    sums, counts = [0.0, 0.0], [0, 0]
    for i, j in itertools.permutations(range(4), 2):
        d = 3 * (1 - cosine(u[i].tolist(), u[j].tolist()))
        s = int(similar[i, j])
        sums[s] += s * math.log(d / 20) + math.log(1 + 20 / d)
        counts[s] += 1
    pairs = sum(total / max(count, 1) for total, count in zip(sums, counts, strict=True))
    own = sum(math.log(1 + 3 * (1 - cosine([abs(a) for a in row], [1.0] * 6)) / 20) for row in u.tolist()) / 4
    assert float(module_of("dch").dch_loss(u, similar, 20, 0.1)) == pytest.approx(pairs + 0.1 * own, abs=1e-9)


def test_dch_of_equal_outputs_is_finite_with_its_gradient() -> None:
    u = torch.full((4, 6), 0.5, requires_grad=True)
    loss = module_of("dch").dch_loss(u, torch.eye(4), 20, 0.1)
    assert torch.isfinite(loss) and torch.isfinite(torch.autograd.grad(loss, u)[0]).all()


def test_mdsh() -> None:
    u, centres = draw(4, 6, reach=0.9), signs(3, 6, seed=1)
    central = paired = 0.0
    for row, labels in zip(u.tolist(), LABELS.tolist(), strict=True):
        central += soft_entropy([math.sqrt(6) * cosine(row, centre) for centre in centres.tolist()], labels) / 4
    for i, j in itertools.product(range(4), repeat=2):
        theta = float(u[i] @ u[j]) / 2
        paired += (math.log(1 + math.exp(theta)) - float(LABELS[i] @ LABELS[j] > 0) * theta) / 16
    quantisation = sum((abs(a) - 1) ** 2 for a in u.flatten().tolist()) / 24
    expected = central + 0.2 * paired + 0.3 * quantisation
    assert float(module_of("mdsh").mdsh_loss(u, centres, LABELS, 0.2, 0.3)) == pytest.approx(expected, abs=1e-12)


def test_hswd_is_the_least_cost_of_moving_outputs_to_draws() -> None:
    u, drawn = draw(4, 3, reach=0.9), signs(4, 3, seed=1)
    total = 0.0
    for bit in range(3):
        moves = itertools.permutations(drawn[:, bit].tolist())
        total += min(sum((a - b) ** 2 for a, b in zip(u[:, bit].tolist(), move, strict=True)) for move in moves)
    assert float(module_of("hswd").wasserstein(u, drawn)) == pytest.approx(total / 12, abs=1e-12)


def test_bihalf_sets_each_bit_for_half_of_the_batch_and_pulls_logits_to_it() -> None:
    module, v = module_of("bihalf"), draw(6, 4).requires_grad_(True)
    codes = module.BiHalfLayer.apply(v, 6.0)
    for bit in range(4):
        largest = sorted(range(6), key=lambda row: -float(v.detach()[row, bit]))[:3]
        assert [row for row in range(6) if codes[row, bit] > 0] == sorted(largest)
    weights = draw(6, 4, seed=2)
    gradient = torch.autograd.grad((codes * weights).sum(), v)[0]
    assert torch.allclose(gradient, weights + 6 * (v.detach() - codes.detach()) / 24)


def test_bihalf() -> None:
    codes, features = signs(5, 6), draw(5, 7, seed=1)
    pairs = [(0, 2), (1, 3)]
    expected = sum((cosine(*codes[[i, j]].tolist()) - cosine(*features[[i, j]].tolist())) ** 2 for i, j in pairs) / 2
    assert float(module_of("bihalf").bihalf_loss(codes, features)) == pytest.approx(expected, abs=1e-12)


def test_cibhash() -> None:
    v = draw(6, 4)
    codes = [[1.0 if a >= 0 else -1.0 for a in row] for row in v.tolist()]
    contrast = 0.0
    for i in range(6):
        scores = {j: cosine(codes[i], codes[j]) / 0.3 for j in range(6) if j != i}
        contrast += math.log(sum(math.exp(score) for score in scores.values())) - scores[(i + 3) % 6]
    apart = 0.0
    for i in range(6):
        for a, b in zip(v[i].tolist(), v[(i + 3) % 6].tolist(), strict=True):
            p, q = 1 / (1 + math.exp(-a)), 1 / (1 + math.exp(-b))
            apart += p * math.log(p / q) + (1 - p) * math.log((1 - p) / (1 - q))
    expected = contrast / 6 + 0.01 * apart / 6
    assert float(module_of("cibhash").cibhash_loss(v, 0.3, 0.01)) == pytest.approx(expected, abs=1e-12)
