"""Attacks that only ask: against slow versions of themselves given the same draws, their optima, their counts."""

from __future__ import annotations

import importlib
import math
from bisect import bisect_right
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from helpers import CPU, goal_of, linear_hasher, small_split, small_victim

from hashbench.api import Agreement, Asked, Budget, Hasher, Hunt, Run, TrunkHasher
from hashbench.contracts.checkpoint import Checkpoint
from hashbench.contracts.hasher import sign
from hashbench.engine.machine.seeds import seeded
from hashbench.plugins import registry
from hashbench.plugins.configure import configure
from hashbench.testing.search import small_engine, wanted_of

NAMES = ["random-search", "signhunter", "square", "nes", "spsa", "simba", "zoo", "bandits", "rgf", "prgf", "rays", "hsja"]
SMALL = {
    "prgf": "training_queries=24,epochs=2,directions=4",
    "rgf": "directions=4",
    "nes": "pairs=3",
    "spsa": "pairs=3",
    "hsja": "probes=6",
}
EPSILON = 0.05


def module(name: str) -> Any:
    return importlib.import_module(registry.load("attacks", name).__module__)


def small(name: str, answer: str = "code", away: bool = False, queries: int = 60) -> Any:
    options = [
        f"answer={answer}",
        f"away={str(away).lower()}",
        f"queries={queries}",
        "examples=3",
        *filter(None, [SMALL.get(name)]),
    ]
    return configure("attacks", f"{name}[{','.join(options)}]")


class Counting(Hasher):
    """A hasher that counts on its own what goes through it."""

    def __init__(self, inner: TrunkHasher) -> None:
        super().__init__()
        self.inner, self.seen = inner, 0

    @property
    def bits(self) -> int:
        return self.inner.bits

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        self.seen += len(images)
        return self.inner(images)


def attacked(attack: Any, folder: Path | None = None, budget: float = EPSILON) -> tuple[torch.Tensor, Any, Counting]:
    """Images, the engine with its books, and a count of its own."""
    split, counting = small_split(rows=40), Counting(linear_hasher())
    with seeded(0, CPU):
        state = attack.fit(small_engine(counting, split, attack, attack.fit_queries).view, split, None, Budget(budget), Run(1, CPU))
    engine = small_engine(counting, split, attack, readings=(20, 40))
    counting.seen = 0
    run = Run(0, CPU, checkpoint=None if folder is None else Checkpoint(folder, 0.0)).below("batch0", victim=engine.view)
    goal = wanted_of(goal_of(split), split, attack, CPU)
    images = split.images(np.arange(4), CPU)
    return attack.perturb(engine.view, state, images, goal, None, Budget(budget), run), engine, counting


@pytest.mark.parametrize("answer", ["code", "distances", "ids"])
@pytest.mark.parametrize("away", [False, True])
@pytest.mark.parametrize("name", NAMES)
def test_it_asks_what_it_may_and_counts_what_goes_through(name: str, away: bool, answer: str) -> None:
    attack = small(name, answer, away)
    images, engine, counting = attacked(attack)
    assert counting.seen == engine.forwards == engine.asked.total()
    assert max(engine.asked.values()) <= 60
    assert min(engine.asked.values()) > 60 - attack.cost or name == "hsja"
    clean = small_split(rows=40).images(np.arange(4), CPU)
    assert (images - clean).abs().max() <= EPSILON + 1e-6 and images.min() >= 0 and images.max() <= 1


class Killed(Exception):
    pass


@pytest.mark.parametrize("name", NAMES)
def test_a_killed_one_counts_on_and_ends_in_the_same_images(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole, engine, _ = attacked(small(name))
    kept, left = Checkpoint.write, [3]

    def write(self: Checkpoint, *args: Any) -> None:
        kept(self, *args)
        left[0] -= 1
        if left[0] < 0:
            raise Killed

    monkeypatch.setattr(Checkpoint, "write", write)
    try:
        attacked(small(name), tmp_path)
    except Killed:
        pass
    else:
        assert name in ("hsja", "rgf", "prgf"), "it was done before it could be killed"
    monkeypatch.setattr(Checkpoint, "write", kept)
    again, counted, _ = attacked(small(name), tmp_path)
    assert torch.equal(again, whole) and counted.asked == engine.asked and counted.forwards == engine.forwards
    clean = small_split(rows=40).images(np.arange(4), CPU)
    for reading in (20, 40):
        found = [one.at(reading, clean, images, range(4)) for one, images in ((engine, whole), (counted, again))]
        assert torch.equal(*found)


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


def test_the_cosines_are_scipy_s() -> None:
    from scipy.fft import dct

    assert np.allclose(module("simba").cosines(8, CPU).numpy(), dct(np.eye(8), axis=0, norm="ortho"), atol=1e-6)


def test_exponentiated_gradients_are_their_formula() -> None:
    prior, gradient = torch.tensor([-0.5, 0.0, 0.9]), torch.tensor([1.0, -2.0, 0.3])
    up = (prior + 1) / 2 * torch.exp(0.7 * gradient)
    down = (1 - (prior + 1) / 2) * torch.exp(-0.7 * gradient)
    assert torch.allclose(module("bandits").exponentiated(prior, gradient, 0.7), 2 * up / (up + down) - 1, atol=1e-5)


def test_the_share_of_a_prior_grows_with_its_worth_and_has_no_jump() -> None:
    n, q = 100, 10
    ends = [1 / (n + 2 * q - 2), (2 * q - 1) / (n + 2 * q - 2)]
    squares = torch.cat(
        [torch.linspace(0, 1, 20_000, dtype=torch.float64), torch.tensor([e * (1 + s) for e in ends for s in (-1e-9, 1e-9)])]
    )
    shares = module("prgf").share(squares.sort().values.sqrt(), n, q)
    assert shares[0] == 0 and shares[-1] == 1
    assert (shares.diff() >= -1e-9).all() and shares.diff().max() < 0.01


def test_rays_finds_the_nearest_corner_of_a_line() -> None:
    weights = torch.where(torch.rand(12, generator=torch.Generator().manual_seed(1)) < 0.5, -1.0, 1.0).double()
    split, attack = small_split(rows=8, side=2), configure("attacks", "rays[away=true,queries=400,reach=0.03]")
    images = torch.full((1, 3, 2, 2), 0.5)
    engine = small_engine_of(Line(weights), attack)
    found = attack.perturb(
        engine.view, {}, images, wanted_of(goal_of(split, 1), split, attack, CPU), None, Budget(0.05), Run(0, CPU)
    )
    assert abs(float(((found - images).sign().flatten().double() * weights).sum())) == 12


def small_engine_of(hasher: Hasher, attack: Any) -> Any:
    from hashbench.contracts.search import SearchEngine

    return SearchEngine(hasher, "code", attack.queries)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("nes[queries=5]", "give at least 11"),
        ("nes[examples=2]", "give an odd number"),
        ("nes[pairs=0]", "give at least 1"),
        ("nes[momentum=1]", "less than 1"),
        ("rays[reach=0]", r"share in \\(0, 1\\]"),
        ("square[answer=labels]", "answer"),
    ],
)
def test_options_that_make_no_sense_are_said(text: str, says: str) -> None:
    with pytest.raises(Exception, match=says.replace("\\\\", "\\")):
        configure("attacks", text)


def slow_score(answer: str, away: bool, lists: dict[str, Any], now: Any) -> float:
    """Of one image, from lists of ids and distances."""
    ids, distances = now
    if answer == "distances":

        def mean(known: list[int]) -> float:
            return sum(distances[ids.index(one)] if one in ids else distances[-1] + 1 for one in known) / len(known)

        clean = mean(lists["own"][0][:50])
        wanted = 0.0 if away else mean([one for of in lists["examples"] for one in of[0][:50]])
        return (clean - wanted) / 4
    weights: dict[int, float] = {}
    for of in [lists["own"]] if away else lists["examples"]:
        for place, one in enumerate(of[0][:50]):
            weights[one] = weights.get(one, 0) + 50 - place
    overlap = sum(weights.get(one, 0) * (50 - place) for place, one in enumerate(ids))
    left = sum(one in lists["own"][0][:50] for one in ids) / 50
    most = sum((50 - place) ** 2 for place in range(50)) * (1 if away else len(lists["examples"]))
    return ((-overlap if away else overlap) - left / 2) / most


@pytest.mark.parametrize("away", [False, True])
@pytest.mark.parametrize("answer", ["distances", "ids"])
def test_scores_of_lists_are_their_words(answer: str, away: bool) -> None:
    split, attack = small_split(rows=1300), small("nes", answer, away, queries=100)
    engine = small_engine(linear_hasher(), split, attack)
    goal = wanted_of(goal_of(split), split, attack, CPU)
    images = split.images(np.arange(4), CPU)
    quest = Asked(engine.view, attack.answer, images, goal)

    def listed(some: torch.Tensor) -> list[Any]:
        answers = engine.ask(some, [99] * len(some))
        assert answers.ids is not None
        distances = answers.distances if answers.distances is not None else torch.zeros_like(answers.ids)
        return [(ids.tolist(), of.tolist()) for ids, of in zip(answers.ids, distances, strict=True)]

    tried = images + 0.1 * torch.randn(images.shape, generator=torch.Generator().manual_seed(0))
    tried = (tried.clamp(0, 1) * 255).round() / 255
    own, now = listed(images), listed(tried)
    for row, score in enumerate(quest(tried).tolist()):
        lists = {"own": own[row], "examples": [] if away else listed(goal.examples[row])}
        assert score == pytest.approx(slow_score(answer, away, lists, now[row]), abs=1e-12)


def test_a_mask_asks_for_its_rows_alone() -> None:
    split, attack = small_split(), small("nes")
    engine = small_engine(linear_hasher(), split, attack)
    images = split.images(np.arange(4), CPU)
    quest = Asked(engine.view, "code", images, wanted_of(goal_of(split), split, attack, CPU))
    before = dict(engine.asked)
    scores = quest(images, torch.tensor([True, False, False, True]))
    assert scores.isfinite().tolist() == [True, False, False, True]
    assert {query: engine.asked[query] - count for query, count in before.items()} == {0: 1, 1: 0, 2: 0, 3: 1}


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
