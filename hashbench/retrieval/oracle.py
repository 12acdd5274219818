"""The code that ranks a database best for a set of labels: a ceiling that no other code passes, where it is proven."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from hashbench.retrieval.cutoff import Normaliser
from hashbench.retrieval.packing import distinct
from hashbench.retrieval.ranking import HammingRanking
from hashbench.typing import Int

EXHAUSTIVE_BITS = 12
"""Up to this many bits all codes are tried."""
_BEAM = 6
"""Codes that the search goes on from."""
_GAIN = 1e-12
_COUNTS = 1 << 31
"""Distances that the choice of the first codes may cost, all labels together."""


@dataclass(frozen=True)
class Oracle:
    """The best code for each row of labels."""

    codes: Int[np.ndarray, "t bits"]
    """In {-1, +1}."""
    ap: np.ndarray
    """(T,) its tie-aware average precision."""
    proven: np.ndarray
    """(T,) whether no code has a larger one: all were tried, or it is 1."""


def best_codes(
    database_codes: np.ndarray,
    database_labels: np.ndarray,
    labels: np.ndarray,
    cutoff: int | None = None,
    normaliser: Normaliser = "hits",
    worst: bool = False,
    track: Callable[[Sequence[int]], Iterable[int]] = iter,
) -> Oracle:
    """For each of `labels` (T, C) the code of largest (`worst`: least) average precision over (N, K) codes with (N, C) labels.

    Up to 12 bits by trying all. Beyond, from the best of the database's own codes and of two closed forms (the mean of relevant
    codes, and that less the mean of others; `worst`: their opposites), by flips of one bit, then of two, while any helps. `track`
    shows progress over distinct labels.
    """
    wanted, back = np.unique(labels, axis=0, return_inverse=True)
    scorer = _Scorer(database_codes, database_labels, wanted, cutoff, normaliser, -1 if worst else 1)
    bits = database_codes.shape[1]
    if bits <= EXHAUSTIVE_BITS:
        found = [_exhausted(scorer, row) for row in track(range(len(wanted)))]
    else:
        owned = scorer.affordable()
        found = [_searched(scorer, row, *_first(scorer, row, owned)) for row in track(range(len(wanted)))]
    codes, ap = np.stack([code for code, _ in found]), np.array([value for _, value in found])
    proven = (ap >= scorer.perfect) | (bits <= EXHAUSTIVE_BITS)
    return Oracle(codes[back], scorer.sign * ap[back], proven[back])


@dataclass(frozen=True)
class _Scorer:
    """Average precision of codes for rows of labels."""

    codes: np.ndarray
    classes: np.ndarray
    labels: np.ndarray
    cutoff: int | None
    normaliser: Normaliser
    sign: int
    """1 for the largest AP, -1 for the least: what is raised is its product with AP."""

    @property
    def perfect(self) -> float:
        """What nothing exceeds, but for rounding."""
        return 1 - 1e-12 if self.sign > 0 else 0.0

    def affordable(self) -> np.ndarray:
        """(n, K) distinct codes of the database: all, or a draw of as many as can be tried for every row."""
        owned, _ = distinct(self.codes)
        most = max(_COUNTS // max(len(self.labels) * len(self.codes), 1), 4 * _BEAM)
        if len(owned) <= most:
            return owned
        return owned[np.random.default_rng(0).choice(len(owned), most, replace=False)]

    def best(self, codes: np.ndarray, row: int, count: int) -> tuple[np.ndarray, np.ndarray]:
        """The `count` best of codes (M, K) for a row of labels, distinct and the first of equals, and their AP."""
        kept = np.sort(np.unique(codes, axis=0, return_index=True)[1])
        ranking = HammingRanking(codes[kept], np.repeat(self.labels[row, None], len(kept), axis=0))
        ranking.update(self.codes, self.classes)
        ap = self.sign * ranking.ap(self.cutoff, self.normaliser)
        order = np.argsort(-ap, kind="stable")[:count]
        return codes[kept[order]], ap[order]


def _exhausted(scorer: _Scorer, row: int) -> tuple[np.ndarray, float]:
    bits = scorer.codes.shape[1]
    every = np.where(np.arange(1 << bits)[:, None] >> np.arange(bits) & 1, 1, -1).astype(np.int8)
    codes, ap = scorer.best(every, row, 1)
    return codes[0], float(ap[0])


def _first(scorer: _Scorer, row: int, owned: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The codes to start from, best first, with their AP."""
    like = scorer.classes.astype(np.float32) @ scorer.labels[row].astype(np.float32) > 0
    near, far = (scorer.codes[side].mean(0) if side.any() else np.zeros(scorer.codes.shape[1]) for side in (like, ~like))
    closed = np.where(scorer.sign * np.stack([near, near - far]) >= 0, 1, -1).astype(np.int8)
    return scorer.best(np.concatenate([closed, owned]), row, _BEAM)


def _searched(scorer: _Scorer, row: int, codes: np.ndarray, ap: np.ndarray) -> tuple[np.ndarray, float]:
    """The best code that flips lead to: of one bit from every code of the beam, of two from the best where that gains nothing."""
    bits = codes.shape[1]
    single = 1 - 2 * np.eye(bits, dtype=np.int8)
    first, second = np.triu_indices(bits, 1)
    while ap[0] < scorer.perfect:
        before = ap[0]
        for flips, beam in ((single, _BEAM), (single[first] * single[second], 1)):
            tried = (codes[:beam, None] * flips[None]).reshape(-1, bits)
            found, scores = scorer.best(tried, row, _BEAM)
            codes, ap = np.concatenate([codes, found]), np.concatenate([ap, scores])
            order = np.argsort(-ap, kind="stable")[:_BEAM]
            codes, ap = codes[order], ap[order]
            if ap[0] > before + _GAIN:
                break
        else:
            break
    return codes[0], float(ap[0])
