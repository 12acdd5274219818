"""A search engine answers what its model says, counts every question, and gives nothing else away."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from helpers import CPU, goal_of, linear_hasher, small_split

from hashbench.api import Answers, Budget, Hasher, Run, Search, Unlabelled
from hashbench.contracts.checkpoint import Checkpoint
from hashbench.contracts.hasher import sign
from hashbench.contracts.search import QueryLimit, SearchEngine
from hashbench.errors import ContractError
from hashbench.plugins.configure import configure
from hashbench.testing.search import wanted_of


def engine_of(answer: Any = "code", limit: int = 10, readings: tuple[int, ...] = (), rows: int = 1200) -> SearchEngine:
    hasher, split = linear_hasher(), small_split(rows)
    database = sign(hasher(split.images(np.arange(rows), CPU))).detach().numpy()
    return SearchEngine(hasher, answer, limit, database, readings)


def images_of(count: int = 4) -> torch.Tensor:
    return small_split().images(np.arange(count), CPU)


@pytest.mark.parametrize(("answer", "shown"), [("distances", 1000), ("ids", 50)])
def test_lists_are_the_first_of_the_database(answer: str, shown: int) -> None:
    engine, images = engine_of(answer), images_of()
    answers = engine.view.ask(images, range(4))
    database = sign(linear_hasher()(small_split(1200).images(np.arange(1200), CPU)))
    distances = (sign(linear_hasher()(images))[:, None] != database[None]).sum(2)
    order = distances.argsort(dim=1, stable=True)[:, :shown]
    assert answers.codes is None
    assert answers.ids is not None and torch.equal(answers.ids, order)
    assert answers.distances is None if answer == "ids" else torch.equal(answers.distances, distances.gather(1, order))


def test_it_rounds_to_8_bits_before_it_answers() -> None:
    class First(Hasher):
        bits = 1

        def forward(self, images: torch.Tensor) -> torch.Tensor:
            return images[:, 0, 0, :1] - 0.5 / 255

    engine = SearchEngine(First(), "code", 10)
    below, above = (torch.full((1, 3, 8, 8), value / 255) for value in (0.4, 0.6))
    assert engine.ask(below, [0]).codes == -1 and engine.ask(above, [0]).codes == 1
    assert engine.ask(torch.full((1, 3, 8, 8), -5.0), [0]).codes == -1


def test_every_question_counts_and_none_past_the_budget_is_answered() -> None:
    engine, images = engine_of(limit=3), images_of()
    engine.view.ask(images, [7, 7, 8, 9])
    assert (engine.view.left(7), engine.view.left(8), engine.view.forwards) == (1, 2, 4)
    with pytest.raises(QueryLimit, match="query 7 has asked 2 of its 3 questions"):
        engine.view.ask(images, [8, 7, 7, 9])
    assert (engine.view.left(8), engine.view.forwards) == (2, 4)
    with pytest.raises(ContractError, match="name one for each"):
        engine.view.ask(images, [7])


@pytest.mark.parametrize(
    "reach",
    [
        lambda view: view.logits(images_of()),
        lambda view: view.relaxed(images_of()),
        lambda view: view.codes(images_of()),
        lambda view: view.reference("database"),
        lambda view: view._hasher,
        lambda view: view._database,
        lambda view: view.engine,
        lambda view: setattr(view, "forwards", 0),
        lambda view: setattr(view, "limit", 10**9),
        lambda view: view.load_state_dict({"asked": {}, "forwards": 0, "offered": {}, "read": {}}),
        lambda view: view.load_state_dict(view.state_dict() | {"asked": {"0": 1}}),
        lambda view: view.load_state_dict(view.state_dict() | {"read": {"1": {"0": images_of(1)[0]}}}),
    ],
)
def test_nothing_else_is_to_be_had(reach: Any) -> None:
    engine = engine_of(limit=5)
    engine.view.ask(images_of(2), [0, 0])
    with pytest.raises(ContractError):
        reach(engine.view)
    assert engine.asked[0] == 2 and engine.limit == 5
    assert not vars(engine.view)


def test_answers_have_no_gradient() -> None:
    images = images_of().requires_grad_(True)
    answers = engine_of().view.ask(images, range(4))
    assert answers.codes is not None and not answers.codes.requires_grad


def test_labels_are_not_to_be_had() -> None:
    split, attack = small_split(), configure("attacks", "signhunter")
    goal = wanted_of(goal_of(split), split, attack, CPU)
    for look in (lambda: goal.query_labels, lambda: goal.target_labels, lambda: Unlabelled(split).labels):
        with pytest.raises(ContractError, match="holds no labels"):
            look()
    assert torch.equal(Unlabelled(split).images(np.arange(3), CPU), split.images(np.arange(3), CPU))


def test_the_books_are_not_to_be_had_through_a_checkpoint(tmp_path: Any) -> None:
    engine = engine_of(limit=5)
    run = Run(0, CPU, checkpoint=Checkpoint(tmp_path, 0.0)).below("batch0", victim=engine.view)
    assert run.checkpoint is not None
    engine.view.ask(images_of(1), [0])
    handed: Any = run.checkpoint.also["victim"]
    assert isinstance(handed, Search)
    before = handed.state_dict()
    with pytest.raises(ContractError, match="not the search engine's own"):
        handed.load_state_dict({"asked": {"0": 0}, "forwards": 0, "offered": {}, "read": {}})
    engine.view.ask(images_of(1), [0])
    with pytest.raises(ContractError, match="can't be set back"):
        handed.load_state_dict(before)


def test_readings_find_what_was_offered_before() -> None:
    engine, clean = engine_of(limit=10, readings=(2, 5, 9)), images_of(2)
    offers = [torch.full_like(clean, value / 10) for value in range(7)]
    for offered in offers[:6]:  # the offer of number i stands after i + 1 questions
        engine.view.ask(clean[:1], [0])
        engine.view.offer(offered[:1], [0])
    engine.view.ask(clean, [0, 1])
    final = offers[6]
    for reading, expected in ((2, offers[1]), (5, offers[4]), (9, final)):
        assert torch.equal(engine.at(reading, clean, final, [0, 1])[0], expected[0])
        assert torch.equal(engine.at(reading, clean, final, [0, 1])[1], final[1])


def test_a_query_that_offered_nothing_yet_counts_as_it_was() -> None:
    engine, clean = engine_of(limit=10, readings=(2,)), images_of(1)
    engine.view.ask(clean.expand(4, -1, -1, -1), [0] * 4)
    assert torch.equal(engine.at(2, clean, clean + 1, [0]), clean)


def test_the_state_goes_round(tmp_path: Any) -> None:
    first, again = (engine_of(limit=10, readings=(2,)) for _ in range(2))
    for _ in range(3):
        first.view.ask(images_of(2), [0, 3])
        first.view.offer(images_of(2), [0, 3])
    run = Run(0, CPU, checkpoint=Checkpoint(tmp_path, 0.0))
    for _ in zip(run.resumable(2, victim=first.view), range(1), strict=False):
        pass
    steps = Run(0, CPU, checkpoint=Checkpoint(tmp_path, 0.0)).resumable(2, victim=again.view)
    assert steps.first == 1 and again.asked == first.asked and again.forwards == 6
    assert torch.equal(again.at(2, images_of(1), images_of(1) + 1, [3]), images_of(2)[1:])


def test_an_attack_that_asks_needs_a_search_engine() -> None:
    from helpers import small_victim

    split, attack = small_split(), configure("attacks", "signhunter")
    with pytest.raises(ContractError, match="asks a search engine, and was given a Victim"):
        attack.perturb(small_victim(linear_hasher(), split), {}, images_of(), goal_of(split), None, Budget(), Run(0, CPU))


def test_an_answer_is_what_its_model_says() -> None:
    answers = engine_of("code").view.ask(images_of(), range(4))
    assert isinstance(answers, Answers) and answers.ids is None and answers.distances is None
