"""Attacks that steer to sets of codes: their losses by loops in float64."""

from __future__ import annotations

import importlib
import math

import pytest
import torch

from hashbench.plugins import registry

RNG = torch.Generator().manual_seed(0)
RELAXED = 2 * torch.rand(3, 6, generator=RNG, dtype=torch.float64) - 1
BANK = torch.where(torch.rand(5, 6, generator=RNG) < 0.5, -1.0, 1.0).double()
LIKE = torch.tensor([[True, False, True, False, False], [False, True, True, True, False], [True] * 5])


def of(kind: str, name: str) -> object:
    return importlib.import_module(registry.load(kind, name).__module__)


def sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x))


@pytest.mark.parametrize("towards", [False, True])
def test_sdha_is_its_formula(towards: bool) -> None:
    found = of("attacks", "sdha").surrogate(RELAXED, BANK, towards)  # type: ignore[attr-defined]
    for f, row in zip(RELAXED.tolist(), found.tolist(), strict=True):
        for r, value in zip(BANK.tolist(), row, strict=True):
            hamming = sum(abs(a - b) / 2 for a, b in zip(f, r, strict=True))
            if towards:
                expected = hamming**0.3 * 0.5 * sum(abs(a - b) * sigmoid(-10 * a * b) for a, b in zip(f, r, strict=True))
            else:
                near = sum(0.5 * abs(a - b) * sigmoid(5 * a * b) for a, b in zip(f, r, strict=True))
                expected = max(hamming, 1) ** -0.5 * (near + sum(1 - sigmoid(5 * a * b) for a, b in zip(f, r, strict=True)))
            assert value == pytest.approx(expected, abs=1e-12)


def test_smooth_ap_is_its_formula_and_ap_itself_where_the_temperature_is_small() -> None:
    pta = of("attacks", "pta")
    like, unlike = (torch.rand(3, 4, generator=RNG, dtype=torch.float64) for _ in range(2))
    found = pta.smooth_ap(like, unlike, 0.1)  # type: ignore[attr-defined]
    for a, b, value in zip(like.tolist(), unlike.tolist(), found.tolist(), strict=True):
        total = 0.0
        for i, mine in enumerate(a):
            among = sum(sigmoid((mine - other) / 0.1) for j, other in enumerate(a) if j != i)
            total += (1 + among) / (1 + among + sum(sigmoid((mine - other) / 0.1) for other in b))
        assert value == pytest.approx(total / 4, abs=1e-12)
    sharp = pta.smooth_ap(like, unlike, 1e-4)  # type: ignore[attr-defined]
    for a, b, value in zip(like.tolist(), unlike.tolist(), sharp.tolist(), strict=True):
        ranks = sorted([(distance, 1) for distance in a] + [(distance, 0) for distance in b])
        hits = [i for i, (_, wanted) in enumerate(ranks, 1) if wanted]
        assert value == pytest.approx(sum((n + 1) / rank for n, rank in enumerate(hits)) / 4, abs=1e-9)


def test_pta_draws_codes_by_how_often_they_occur() -> None:
    lots = torch.rand(1, 20_000, generator=RNG)
    drawn = of("attacks", "pta").drawn(torch.tensor([[1.0, 0.0, 3.0]]), lots)  # type: ignore[attr-defined]
    shares = torch.bincount(drawn[0], minlength=3) / 20_000
    assert shares.tolist() == pytest.approx([0.25, 0.0, 0.75], abs=0.02)


def test_all_points_loss_is_its_formula() -> None:
    found = of("attacks", "apga").all_points_loss(RELAXED, BANK, LIKE, 0.2)  # type: ignore[attr-defined]
    total = 0.0
    for f, like in zip(RELAXED.tolist(), LIKE.tolist(), strict=True):
        norm = math.sqrt(sum(a * a for a in f)) * math.sqrt(6)
        terms = [math.exp(sum(a * b for a, b in zip(f, r, strict=True)) / norm / 0.2) for r in BANK.tolist()]
        total -= math.log(sum(t for t, wanted in zip(terms, like, strict=True) if wanted) / sum(terms))
    assert float(found) == pytest.approx(total / 3, abs=1e-12)


def test_circle_loss_is_its_formula() -> None:
    """Over all pairs of the batch and the bank: near ones drawn, others pushed, each by how far it still is."""
    labels, predicted = torch.rand(3, 4, generator=RNG, dtype=torch.float64), torch.rand(3, 4, generator=RNG, dtype=torch.float64)
    found = of("aims", "tha").circle_loss(RELAXED, predicted, labels, BANK, LIKE.double())  # type: ignore[attr-defined]
    far, near, quantisation = 0.0, 0.0, 0.0
    for f, like in zip(RELAXED.tolist(), LIKE.tolist(), strict=True):
        quantisation += sum((a - math.copysign(1, a)) ** 2 for a in f) / 3
        for r, wanted in zip(BANK.tolist(), like, strict=True):
            s = sum(a * b for a, b in zip(f, r, strict=True)) / 6
            if wanted:
                near += math.exp(-max(2 - s, 0) * s)
            else:
                far += math.exp(max(2 + s, 0) * s)
    error = float((predicted - labels).square().mean())
    assert float(found) == pytest.approx((math.log(far) + math.log(near)) / 3 + 1e-4 * quantisation + error, abs=1e-12)
