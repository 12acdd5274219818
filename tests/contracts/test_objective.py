"""Scores of answers against their words, and who asks."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from helpers import CPU, goal_of, linear_hasher, small_split

from hashbench.api import Asked
from hashbench.plugins.configure import configure
from hashbench.testing.search import small_engine, wanted_of


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
    split, attack = (
        small_split(rows=1300),
        configure("attacks", f"nes[answer={answer},away={str(away).lower()},queries=100,examples=3]"),
    )
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
    split, attack = small_split(), configure("attacks", "nes[queries=60]")
    engine = small_engine(linear_hasher(), split, attack)
    images = split.images(np.arange(4), CPU)
    quest = Asked(engine.view, "code", images, wanted_of(goal_of(split), split, attack, CPU))
    before = dict(engine.asked)
    scores = quest(images, torch.tensor([True, False, False, True]))
    assert scores.isfinite().tolist() == [True, False, False, True]
    assert {query: engine.asked[query] - count for query, count in before.items()} == {0: 1, 1: 0, 2: 0, 3: 1}
