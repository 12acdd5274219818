"""ProS-GAN's losses and its rate, against their formulas and transcriptions in float64."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
import torch
from helpers import sibling

module = partial(sibling, "attacks", "prosgan")
prototype = sibling("aims", "prototype", "prototype")


def test_rate_is_constant_to_the_half_then_falls_to_one_51st() -> None:
    factor = module("training").rate_factor
    assert [factor(epoch, 100) for epoch in (1, 50)] == [1, 1]
    assert factor(51, 100) == pytest.approx(50 / 51) and factor(100, 100) == pytest.approx(1 / 51)


def test_losses_equal_their_formulas() -> None:
    rng = torch.Generator().manual_seed(0)
    losses = module("losses")
    u, h = torch.rand(5, 8, generator=rng) * 2 - 1, torch.where(torch.rand(5, 8, generator=rng) < 0.5, -1.0, 1.0)
    assert float(losses.hamming_loss(u, h)) == pytest.approx(1 - float((u * h).sum()) / 40)
    assert float(losses.hamming_loss(h, h)) == 0 and float(losses.hamming_loss(-h, h)) == 2
    scores, labels = torch.rand(5, 4, generator=rng), torch.eye(5)[:, :3]
    wanted = torch.cat([labels, torch.ones(5, 1)], 1)
    assert float(losses.adversarial_loss(scores, labels, 1.0)) == pytest.approx(float(((scores - wanted) ** 2).sum() / 20))


def test_prototype_loss_equals_a_transcription_in_float64() -> None:
    rng = torch.Generator().manual_seed(0)
    batch, rows, bits, classes = 6, 9, 5, 4
    codes, bank = (
        torch.rand(batch, bits, generator=rng).double() * 2 - 1,
        torch.where(torch.rand(rows, bits, generator=rng) < 0.5, -1.0, 1.0).double(),
    )
    predicted, labels = (
        torch.rand(batch, classes, generator=rng).double(),
        (torch.rand(batch, classes, generator=rng) < 0.5).double(),
    )
    similar = (torch.rand(batch, rows, generator=rng) < 0.5).double()
    j1 = j2 = j3 = 0.0
    for i in range(batch):
        for j in range(rows):
            theta = float(codes[i] @ bank[j]) / 2
            j1 -= (float(similar[i, j]) * theta - np.log1p(np.exp(theta))) / (rows * batch)
        j2 += sum((np.sign(float(c)) - float(c)) ** 2 for c in codes[i]) / (1e4 * batch)
        j3 += sum((float(p) - float(y)) ** 2 for p, y in zip(predicted[i], labels[i], strict=True)) / (batch * classes)
    assert float(prototype.prototype_loss(codes, predicted, labels, bank, similar)) == pytest.approx(j1 + j2 + j3, abs=1e-12)
