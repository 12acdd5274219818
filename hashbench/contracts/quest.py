"""A batch of queries that is searched for better images, question by question."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

import torch
from torch import Tensor

from hashbench.contracts.goal import Wanted
from hashbench.contracts.objective import OBJECTIVES
from hashbench.contracts.search import Answer, Answers, Search
from hashbench.contracts.victim import Victim
from hashbench.errors import ContractError
from hashbench.typing import Float


@runtime_checkable
class Quest(Protocol):
    """What a search by questions climbs. B is the batch, whoever of it asks."""

    def over(self, questions: int) -> bool:
        """Whether no query has so many questions left."""
        ...

    def __call__(self, images: Float[Tensor, "b 3 h w"], asking: Tensor | None = None) -> Float[Tensor, " b"]:
        """A question for every query, or for those of a mask (B,), that has one left: scores, -inf for those that do not ask."""
        ...

    def affords(self, questions: int) -> Tensor:
        """(B,) bool: the queries that have so many questions left."""
        ...

    def better(self, found: Float[Tensor, " b"], kept: Float[Tensor, " b"]) -> Tensor:
        """(B,) bool: the scores that are to be preferred to the ones kept."""
        ...

    def offer(self, images: Float[Tensor, "b 3 h w"]) -> None:
        """Say what would be returned now."""
        ...


class Asked:
    """The quest before a search engine. It begins with questions: for the query's own answer, and those of its examples."""

    def __init__(self, search: Search, answer: Answer, images: Float[Tensor, "b 3 h w"], goal: Wanted) -> None:
        """Towards the goal's examples, or, where it has none, away from the own answer."""
        self._search, self._queries, self._device = search, goal.indices, images.device
        if goal.examples and not all(map(len, goal.examples)):
            raise ContractError("an attack towards a target was given no example of it.")
        everybody = list(range(len(images)))
        own = self._ask(images, everybody)
        examples = [self._of_example(i, goal.examples) for i in range(max(map(len, goal.examples), default=0))]
        self._objective = OBJECTIVES[answer](own, examples, search.bits)
        rows = self._at(everybody)
        self.start = self._objective.score(own, rows)
        """(B,) scores of the clean queries."""
        self.top = self._objective.score(examples[0], rows) if examples else torch.full_like(self.start, self._objective.apart)
        """(B,) scores of the first examples themselves, or of an image that has nothing to do with the query."""

    def over(self, questions: int) -> bool:
        return not self._open(questions)

    def __call__(self, images: Float[Tensor, "b 3 h w"], asking: Tensor | None = None) -> Float[Tensor, " b"]:
        rows = self._open(1)
        if asking is not None:
            chosen = set(self._search.rows(asking))
            rows = [row for row in rows if row in chosen]
        scores = images.new_full((len(images),), -torch.inf, dtype=torch.float64)
        if not rows:
            return scores
        at = self._at(rows)
        return scores.index_copy(0, at, self._objective.score(self._ask(images[at], rows), at))

    def affords(self, questions: int) -> Tensor:
        able = set(self._open(questions))
        return torch.tensor([row in able for row in range(len(self._queries))], device=self._device)

    def better(self, found: Float[Tensor, " b"], kept: Float[Tensor, " b"]) -> Tensor:
        return found >= kept if self._objective.newest else found > kept

    def offer(self, images: Float[Tensor, "b 3 h w"]) -> None:
        self._search.offer(images, self._queries)

    def _open(self, questions: int) -> list[int]:
        """Rows of the queries that have so many questions left."""
        return [row for row, query in enumerate(self._queries) if self._search.left(query) >= questions]

    def _ask(self, images: Float[Tensor, "b 3 h w"], rows: list[int]) -> Answers:
        return self._search.ask(images, [self._queries[row] for row in rows])

    def _of_example(self, place: int, examples: Sequence[Float[Tensor, "_ 3 h w"]]) -> Answers:
        """Answers to the examples at one place; zeros, and ids of nothing, for queries that have fewer."""
        rows = [row for row, given in enumerate(examples) if len(given) > place]
        answers, at = self._ask(torch.stack([examples[row][place] for row in rows]), rows), self._at(rows)

        def spread(found: Tensor | None, missing: int) -> Tensor | None:
            if found is None or len(rows) == len(examples):
                return found
            return found.new_full((len(examples), found.shape[1]), missing).index_copy(0, at, found)

        return Answers(spread(answers.codes, 0), spread(answers.ids, -1), spread(answers.distances, 0))

    def _at(self, rows: list[int]) -> Tensor:
        return torch.tensor(rows, device=self._device)


class Agreement:
    """The quest of an attack that knows the code it wants and asks for codes without limit: mean agreement, in [-1, 1]."""

    def __init__(self, victim: Victim, codes: Float[Tensor, "b bits"]) -> None:
        self._victim, self._codes = victim, codes

    def over(self, questions: int) -> bool:
        return False

    def __call__(self, images: Float[Tensor, "b 3 h w"], asking: Tensor | None = None) -> Float[Tensor, " b"]:
        scores = (self._victim.codes(images.clamp(0, 1)) * self._codes).mean(1)
        return scores if asking is None else scores.masked_fill(~asking, -torch.inf)

    def affords(self, questions: int) -> Tensor:
        return torch.ones(len(self._codes), dtype=torch.bool, device=self._codes.device)

    def better(self, found: Float[Tensor, " b"], kept: Float[Tensor, " b"]) -> Tensor:
        return found > kept

    def offer(self, images: Float[Tensor, "b 3 h w"]) -> None:
        """To nobody."""
