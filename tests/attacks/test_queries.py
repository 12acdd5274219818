"""Attacks that only ask: what they may ask, what is counted, and what is left when one is killed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from helpers import CPU, goal_of, linear_hasher, small_split

from hashbench.api import Budget, Goal, Hasher, Run, TrunkHasher
from hashbench.contracts.checkpoint import Checkpoint
from hashbench.engine.machine.seeds import seeded
from hashbench.plugins.configure import configure
from hashbench.testing.benchmarks import small_products
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


def attacked(
    attack: Any, folder: Path | None = None, budget: float = EPSILON, rows: Sequence[int] = range(4)
) -> tuple[torch.Tensor, Any, Counting]:
    """Images of some of the first queries, the engine with its books, and a count of its own."""
    split, counting = small_split(rows=40), Counting(linear_hasher())
    with seeded(0, CPU):
        state = attack.fit(small_engine(counting, split, attack, attack.fit_queries).view, split, None, Budget(budget), Run(1, CPU))
    engine = small_engine(counting, split, attack, readings=(20, 40))
    counting.seen = 0
    run = Run(0, CPU, checkpoint=None if folder is None else Checkpoint(folder, 0.0)).below("batch0", victim=engine.view)
    whole, some = goal_of(split), list(rows)
    assert whole.target_labels is not None
    goal = wanted_of(Goal(whole.query_labels[some], whole.target_labels[some], tuple(some)), split, attack, CPU)
    images = split.images(np.array(some), CPU)
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


@pytest.mark.parametrize("answer", ["code", "ids"])
@pytest.mark.parametrize("name", NAMES)
def test_what_it_asks_of_a_query_does_not_hang_on_the_others_of_its_batch(name: str, answer: str) -> None:
    attack = small(name, answer, queries=120 if name == "hsja" else 60)  # where some of a batch are done before the others
    together, engine, _ = attacked(attack)
    for row in range(4):
        alone, books, _ = attacked(attack, rows=[row])
        assert books.asked[row] == engine.asked[row] and torch.equal(alone[0], together[row])


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


def test_away_the_way_ends_at_the_floor_of_map_that_the_protocol_has() -> None:
    products = small_products()
    products = replace(products, untargeted=True, protocol=replace(products.protocol, cutoff=5, normaliser="possible"))
    rows = {row.metric: row.value for row in configure("benchmarks", "targeted").measure(products).rows}
    start, end = configure("benchmarks", "queries")._ends(products)
    assert (start, end) == pytest.approx((rows["map_clean"], rows["map_floor"]))


def test_there_is_no_half_of_a_way_that_leads_back() -> None:
    """A hasher below chance, led away: its clean MAP lies under the floor already."""
    benchmark = configure("benchmarks", "queries")
    for start, end, away, reached, half in (
        (0.2, 0.25, True, 0.23, None),
        (0.8, 0.3, True, 0.5, 10.0),
        (0.3, 0.9, False, 0.7, 10.0),
    ):
        products = SimpleNamespace(
            log=SimpleNamespace(questions=np.array([10]), readings={10: np.array([reached])}, fit_questions=0),
            untargeted=away,
            goal_labels=None,
            ap=lambda codes, labels: codes,
        )
        object.__setattr__(benchmark, "_ends", lambda products, ends=(start, end): ends)
        rows = {row.metric: row.value for row in benchmark.measure(products).rows}  # type: ignore[arg-type]
        assert rows.get("questions_to_half") == half
