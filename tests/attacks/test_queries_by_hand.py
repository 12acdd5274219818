"""Attacks that only ask against slow versions of themselves given the same draws, and their optima."""

from __future__ import annotations

import importlib
import math
from bisect import bisect_right
from typing import Any

import numpy as np
import pytest
import torch
from helpers import CPU, goal_of, linear_hasher, small_split, small_victim

from hashbench.api import Agreement, Budget, Hasher, Hunt, Run
from hashbench.contracts.hasher import sign
from hashbench.contracts.objective import OBJECTIVES
from hashbench.contracts.search import Answers
from hashbench.plugins import registry
from hashbench.plugins.configure import configure
from hashbench.testing.search import wanted_of

EPSILON = 0.05


def module(name: str) -> Any:
    return importlib.import_module(registry.load("attacks", name).__module__)


def hunt_of(images: torch.Tensor, hasher: Hasher, codes: torch.Tensor, run: Run) -> Hunt:
    victim = small_victim(hasher, small_split())  # type: ignore[arg-type]
    return Hunt(Agreement(victim, codes), {}, images, tuple(range(len(images))), Budget(EPSILON), run)


def agreement(hasher: Hasher, image: np.ndarray, code: np.ndarray) -> float:
    with torch.no_grad():
        signs = sign(hasher(torch.from_numpy(image)[None].float()))[0].numpy()
    return float((signs * code).mean())


def projected(image: np.ndarray, clean: np.ndarray) -> np.ndarray:
    return np.clip(clean + np.clip(image - clean, -np.float32(EPSILON), np.float32(EPSILON)), 0, 1).astype(np.float32)


@pytest.fixture
def world() -> tuple[torch.Tensor, Hasher, torch.Tensor]:
    codes = torch.where(torch.rand(2, 8, generator=torch.Generator().manual_seed(3)) < 0.5, -1.0, 1.0)
    return small_split().images(np.arange(2), CPU), linear_hasher(), codes


def test_square_is_a_slow_version_of_itself(world: tuple[torch.Tensor, Hasher, torch.Tensor]) -> None:
    images, hasher, codes = world
    queries, run = 50, Run(5, CPU)
    found = configure("attacks", f"square[queries={queries}]").search(hunt_of(images, hasher, codes, run))
    stripes = run.uniform(images.new_empty(2, 3, 1, 8), (0, 1), "stripes").numpy()
    lots = run.uniform(images.new_empty(2, queries, 5), (0, 1), "squares").numpy()
    ends = (10, 50, 200, 500, 1000, 2000, 4000, 6000, 8000)
    for row, (clean, code) in enumerate(zip(images.numpy(), codes.numpy(), strict=True)):
        point = projected(clean + np.where(stripes[row] < 0.5, -EPSILON, EPSILON).astype(np.float32), clean)
        best = agreement(hasher, point, code)
        for query in range(1, queries):
            share = 0.8 / 2 ** bisect_right(ends, query * 10_000 // queries - 1)
            side = max(min(round(math.sqrt(share * 64)), 7), 1)
            draw = lots[row, query]
            top, left = int(draw[0] * np.float32(9 - side)), int(draw[1] * np.float32(9 - side))
            tried = point.copy()
            for channel in range(3):
                tried[channel, top : top + side, left : left + side] += np.float32(
                    2 * EPSILON * (-1 if draw[2 + channel] < 0.5 else 1)
                )
            tried = projected(tried, clean)
            if (now := agreement(hasher, tried, code)) > best:
                point, best = tried, now
        assert np.allclose(found[row].numpy(), point, atol=1e-6)


def test_signhunter_is_a_slow_version_of_itself(world: tuple[torch.Tensor, Hasher, torch.Tensor]) -> None:
    images, hasher, codes = world
    found = configure("attacks", "signhunter[queries=450]").search(hunt_of(images, hasher, codes, Run(0, CPU)))
    for row, (clean, code) in enumerate(zip(images.numpy(), codes.numpy(), strict=True)):
        signs = np.ones(192, np.float32)
        best, asked, level = agreement(hasher, projected(clean + np.float32(EPSILON), clean), code), 1, 0
        while asked < 450:
            length = math.ceil(192 / 2**level)
            for first in range(0, 192, length):
                if asked == 450:
                    break
                tried = signs.copy()
                tried[first : first + length] *= -1
                now = agreement(hasher, projected(clean + np.float32(EPSILON) * tried.reshape(3, 8, 8), clean), code)
                asked += 1
                if now >= best:
                    signs, best = tried, now
            level = 0 if level == math.ceil(math.log2(192)) else level + 1
        assert np.array_equal(found[row].numpy(), projected(clean + np.float32(EPSILON) * signs.reshape(3, 8, 8), clean))


@pytest.mark.parametrize("grid", [0, 4])
def test_nes_is_a_slow_version_of_itself(world: tuple[torch.Tensor, Hasher, torch.Tensor], grid: int) -> None:
    images, hasher, codes = world
    text = f"nes[queries=73,pairs=3,sigma=0.1,rate=0.02,grid={grid},momentum=0.5]"
    found = configure("attacks", text).search(hunt_of(images, hasher, codes, Run(9, CPU)))
    side = grid or 8
    for row, (clean, code) in enumerate(zip(images.numpy(), codes.numpy(), strict=True)):
        point, gradient = clean.copy(), np.zeros_like(clean)
        for step in range(1, 13):
            gradient *= 0.5
            for pair in range(3):
                draw = Run(9, CPU).normal(images.new_empty(2, 3, side, side), (0, 1), f"{step} {pair}")[row].numpy()
                along = draw.repeat(8 // side, 1).repeat(8 // side, 2)
                above, below = (np.clip(point + np.float32(way * 0.1) * along, 0, 1) for way in (1, -1))
                gradient += np.float32(agreement(hasher, above, code) - agreement(hasher, below, code)) * along
            point = projected(point + np.float32(0.02) * np.sign(gradient), clean)
        assert np.allclose(found[row].numpy(), point, atol=1e-6)


class Line(Hasher):
    """64 bits of one linear function: how many are set says how large it is, so that every answer tells."""

    bits = 64

    def __init__(self, weights: torch.Tensor) -> None:
        super().__init__()
        self.weights = weights

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        value = (images.flatten(1).double() * self.weights).sum(1, keepdim=True)
        return value - torch.linspace(-1, 1, self.bits, dtype=torch.float64) * float(self.weights.abs().sum())


def test_signhunter_finds_the_signs_of_the_optimum() -> None:
    """A linear function is largest at epsilon times the signs of its weights, which blocks of single values find one by one."""
    weights = torch.where(torch.rand(12, generator=torch.Generator().manual_seed(1)) < 0.5, -1.0, 1.0).double()
    images = torch.full((1, 3, 2, 2), 0.5)
    hunt = Hunt(Agreement(small_victim_of(Line(weights)), torch.ones(1, 64)), {}, images, (0,), Budget(0.4), Run(0, CPU))
    found = configure("attacks", "signhunter[queries=40]").search(hunt)
    assert torch.equal((found - images).sign().flatten().double(), weights)


def small_victim_of(hasher: Hasher) -> Any:
    from hashbench.api import Victim

    return Victim(hasher, "codes")


@pytest.mark.parametrize("basis", ["pixel", "dct"])
def test_simba_s_directions_are_an_orthonormal_basis(basis: str) -> None:
    attack, images = configure("attacks", f"simba[basis={basis}]"), torch.zeros(1, 3, 4, 8)
    rows = torch.cat([attack._direction(torch.tensor([place]), images) for place in range(96)]).flatten(1)
    assert torch.allclose(rows @ rows.T, torch.eye(96), atol=1e-5)


@pytest.mark.parametrize(("side", "text", "moves"), [(32, "simba", True), (224, "simba", True), (224, "simba[length=0.2]", False)])
def test_a_step_of_simba_moves_values_by_a_level_whatever_the_size_of_images(side: int, text: str, moves: bool) -> None:
    attack, images = configure("attacks", text), torch.full((1, 3, side, side), 100 / 255)
    along = attack._size(images) * attack._direction(torch.tensor([side + 1]), images)
    assert ((255 * (images + along)).round() != 100).any() == moves
    assert attack._size(torch.zeros(1, 3, 64, 64)) == 0.2, "the paper's where it suffices"


def test_the_cosines_are_scipy_s() -> None:
    from scipy.fft import dct

    assert np.allclose(module("simba").cosines(8, CPU).numpy(), dct(np.eye(8), axis=0, norm="ortho"), atol=1e-6)


def test_exponentiated_gradients_are_their_formula() -> None:
    prior, gradient = torch.tensor([-0.5, 0.0, 0.9]), torch.tensor([1.0, -2.0, 0.3])
    up = (prior + 1) / 2 * torch.exp(0.7 * gradient)
    down = (1 - (prior + 1) / 2) * torch.exp(-0.7 * gradient)
    assert torch.allclose(module("bandits").exponentiated(prior, gradient, 0.7), 2 * up / (up + down) - 1, atol=1e-5)


def test_rays_finds_the_nearest_corner_of_a_line() -> None:
    weights = torch.where(torch.rand(12, generator=torch.Generator().manual_seed(1)) < 0.5, -1.0, 1.0).double()
    split, attack = small_split(rows=8, side=2), configure("attacks", "rays[away=true,queries=400,reach=0.06]")
    images = torch.full((1, 3, 2, 2), 0.5)
    engine = small_engine_of(Line(weights), attack)
    found = attack.perturb(
        engine.view, {}, images, wanted_of(goal_of(split, 1), split, attack, CPU), None, Budget(0.05), Run(0, CPU)
    )
    assert abs(float(((found - images).sign().flatten().double() * weights).sum())) == 12


def test_away_from_a_code_half_of_the_way_is_a_quarter_of_its_bits() -> None:
    own = Answers(codes=torch.ones(1, 8))
    objective, first = OBJECTIVES["code"](own, [], 8), torch.zeros(1, dtype=torch.long)
    start = float(objective.score(own, first))
    turned = [Answers(codes=torch.cat([-torch.ones(1, count), torch.ones(1, 8 - count)], dim=1)) for count in range(9)]
    way = [(float(objective.score(answers, first)) - start) / (objective.apart - start) for answers in turned]
    assert way == [count / 4 for count in range(9)], "a code that has nothing to do with the own one shares half of its bits"


def small_engine_of(hasher: Hasher, attack: Any) -> Any:
    from hashbench.contracts.search import SearchEngine

    return SearchEngine(hasher, "code", attack.queries)
