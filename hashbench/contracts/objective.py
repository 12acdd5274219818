"""What an attack that only asks makes of answers: the score of an image, the larger the better."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from hashbench.contracts.search import SHOWN, Answers
from hashbench.typing import Float, Int

NEAREST = SHOWN["ids"]
"""Places of a list that say what an image is like."""


class Objective(ABC):
    """Made of the clean queries' own answers and those of their examples, none where a query is only to be led away."""

    newest: ClassVar[bool] = False
    """Whether of two equal scores the newer image is kept: a walk over flat ground."""
    apart: ClassVar[float] = 1.0
    """The score of an answer that has no more in common with the own than another image's."""

    @abstractmethod
    def __init__(self, own: Answers, examples: Sequence[Answers], bits: int) -> None: ...

    @abstractmethod
    def score(self, answers: Answers, rows: Int[Tensor, " b"]) -> Float[Tensor, " b"]:
        """Of answers to images of these rows of the batch."""


class Codes(Objective):
    """Mean agreement, in [-1, 1], with the majority of the examples' codes; or with the opposite of the own code."""

    apart = 0.0

    def __init__(self, own: Answers, examples: Sequence[Answers], bits: int) -> None:
        codes = [_known(answers.codes) for answers in examples]
        self._wanted = torch.stack(codes).sum(0).sign() if codes else -_known(own.codes)

    def score(self, answers: Answers, rows: Int[Tensor, " b"]) -> Float[Tensor, " b"]:
        return (_known(answers.codes) * self._wanted[rows]).mean(1).double()


class Distances(Objective):
    """Mean distance of the first 50 of the clean list, less that of the first 50 of the examples' lists, in halves of a code's
    length; the first tenth of lists below 500. What is out of sight counts as one bit farther than the last in sight."""

    def __init__(self, own: Answers, examples: Sequence[Answers], bits: int) -> None:
        self._half = bits / 2
        few = max(min(NEAREST, _known(own.ids).shape[1] // 10), 1)
        self._clean = _Places.of([own], few, torch.ones_like)
        self._wanted = _Places.of(examples, few, torch.ones_like) if examples else None

    def score(self, answers: Answers, rows: Int[Tensor, " b"]) -> Float[Tensor, " b"]:
        clean = self._mean(self._clean, answers, rows)
        wanted = 0 if self._wanted is None else self._mean(self._wanted, answers, rows)
        return (clean - wanted) / self._half

    @staticmethod
    def _mean(places: _Places, answers: Answers, rows: Int[Tensor, " b"]) -> Float[Tensor, " b"]:
        distances = _known(answers.distances)
        beyond = distances[:, -1:] + 1
        nearer = places.weights(_known(answers.ids), rows) * (beyond - distances)
        return beyond[:, 0] - nearer.sum(1) / places.total[rows]


class Ids(Objective):
    """Overlap with the examples' lists, or less overlap with the own: the sum over ids of their weights in both, each place of N
    weighing N - rank, as QAIR's relevance for long lists, over that of equal lists. Of equal overlaps, the one with fewer ids of
    the clean list."""

    newest = True
    apart = 0.0

    def __init__(self, own: Answers, examples: Sequence[Answers], bits: int) -> None:
        self._clean = _Places.of([own], NEAREST, _relevance)
        self._wanted = _Places.of(examples, NEAREST, _relevance) if examples else None
        self._lists = max(len(examples), 1)

    def score(self, answers: Answers, rows: Int[Tensor, " b"]) -> Float[Tensor, " b"]:
        ids = _known(answers.ids)
        clean = self._clean.weights(ids, rows)
        left = (clean > 0).double().mean(1)
        wanted = -clean if self._wanted is None else self._wanted.weights(ids, rows)
        here = _relevance(ids).double()
        return ((wanted * here).sum(1) - left / 2) / (here[0].square().sum() * self._lists)


OBJECTIVES: Mapping[str, Callable[[Answers, Sequence[Answers], int], Objective]] = {
    "code": Codes,
    "distances": Distances,
    "ids": Ids,
}
"""By answer model."""


@dataclass(frozen=True)
class _Places:
    """Ids of the first places of lists, sorted by id, with running sums of their weights: whole numbers, so that sums are exact."""

    ids: Int[Tensor, "batch places"]
    sums: Float[Tensor, "batch places+1"]

    @classmethod
    def of(cls, lists: Sequence[Answers], count: int, weight: Callable[[Tensor], Tensor]) -> _Places:
        firsts = [_known(answers.ids)[:, :count] for answers in lists]
        weights = torch.cat([weight(one) * (one >= 0) for one in firsts], dim=1)
        ids, order = torch.cat(firsts, dim=1).sort(dim=1)
        sums = weights.gather(1, order).double().cumsum(1)
        return cls(ids, torch.cat([torch.zeros_like(sums[:, :1]), sums], dim=1))

    @property
    def total(self) -> Float[Tensor, " batch"]:
        return self.sums[:, -1]

    def weights(self, ids: Int[Tensor, "b n"], rows: Int[Tensor, " b"]) -> Float[Tensor, "b n"]:
        """The weights of listed ids: 0 for those without a place."""
        known, sums = self.ids[rows], self.sums[rows]
        low, high = (torch.searchsorted(known, ids.contiguous(), right=right) for right in (False, True))
        return sums.gather(1, high) - sums.gather(1, low)


def _relevance(ids: Int[Tensor, "b n"]) -> Int[Tensor, "b n"]:
    """N - rank, for ranks from 0."""
    return torch.arange(ids.shape[1], 0, -1, device=ids.device).expand_as(ids)


def _known(answered: Tensor | None) -> Tensor:
    assert answered is not None
    return answered
