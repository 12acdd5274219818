"""Surrogates trained on answers: what they learn, and how far a prior is trusted."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np
import pytest
import torch
from helpers import CPU, goal_of, small_split

from hashbench.api import Budget, Hasher, Run
from hashbench.contracts.hasher import sign
from hashbench.engine.machine.seeds import seeded
from hashbench.plugins import registry
from hashbench.plugins.configure import configure
from hashbench.testing.search import small_engine, wanted_of


def module(name: str) -> Any:
    return importlib.import_module(registry.load("attacks", name).__module__)


class Means(Hasher):
    """Bits of the mean colours of an image's quarters."""

    bits = 16

    def __init__(self) -> None:
        super().__init__()
        self.weights = torch.nn.Parameter(torch.randn(12, 16, generator=torch.Generator().manual_seed(0)))

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return (torch.nn.functional.adaptive_avg_pool2d(images, 2).flatten(1) - 0.5) @ self.weights


@pytest.mark.parametrize("answer", ["code", "distances", "ids"])
def test_a_knock_off_learns_from_answers_and_asks_nothing_of_the_query(answer: str) -> None:
    attack = configure("attacks", f"knockoff[answer={answer},training_queries=600,epochs=20]")
    split, hasher = small_split(rows=600), Means()
    learning = small_engine(hasher, split, attack, attack.fit_queries)
    with seeded(0, CPU):
        state = attack.fit(learning.view, split, None, Budget(), Run(0, CPU))
    assert learning.asked == {0: 600}
    engine = small_engine(hasher, split, attack)
    images, goal = split.images(np.arange(16), CPU), wanted_of(goal_of(split, 16), split, attack, CPU)
    found = attack.perturb(engine.view, state, images, goal, None, Budget(0.1), Run(0, CPU))
    assert engine.asked.total() == 0
    towards = torch.stack([sign(hasher(of)).sum(0).sign() for of in goal.examples])
    near = [(sign(hasher(one)) * towards).mean() for one in (images, found)]
    assert near[1] > near[0] + 0.1


def test_the_share_of_a_prior_grows_with_its_worth_and_has_no_jump() -> None:
    n, q = 100, 10
    ends = [1 / (n + 2 * q - 2), (2 * q - 1) / (n + 2 * q - 2)]
    squares = torch.cat(
        [torch.linspace(0, 1, 20_000, dtype=torch.float64), torch.tensor([e * (1 + s) for e in ends for s in (-1e-9, 1e-9)])]
    )
    shares = module("prgf").share(squares.sort().values.sqrt(), n, q)
    assert shares[0] == 0 and shares[-1] == 1
    assert (shares.diff() >= -1e-9).all() and shares.diff().max() < 0.01
