"""Average precision of the first N retrieved, from distance counts: in expectation over ties, and its bounds.

Of the items at the distance that straddles N only some are retrieved, and how many of those are relevant is hypergeometric;
the number in the denominator goes with it, so the expectation is a mixture over that number, not a ratio of expectations.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import numpy as np

from hashbench.retrieval.average_precision import best_of, best_share, expected_of, expected_share, worst_of, worst_share
from hashbench.typing import Int

Normaliser = Literal["hits", "possible"]
"""What a sum of precisions in the first N is divided by: the relevant items there ("hits": the usual loop of the field), or those
that could be there, the smaller of N and all relevant items ("possible"). Without a cut-off both are all relevant items."""

_BLOCK = 1 << 18
"""Pairs of a query and a number of hits that are weighed at once."""
# Sums of precisions in expectation, at worst and at best: of all distances, and of one group of ties.
_WAYS = ((expected_share, expected_of), (worst_share, worst_of), (best_share, best_of))


def ap_at(
    items: Int[np.ndarray, "q d"], relevant: Int[np.ndarray, "q d"], top: int, normaliser: Normaliser = "hits"
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(Q,) expected, worst and best AP of the first `top` retrieved; 0 for a query with nothing to divide by."""
    if top < 1:
        raise ValueError(f"a cut-off of {top}: give at least 1.")
    whole = np.cumsum(items, axis=1) < top
    whole_items, whole_relevant = np.where(whole, items, 0), np.where(whole, relevant, 0)
    sums = np.stack([share(whole_items, whole_relevant).sum(1) for share, _ in _WAYS])
    before, found = whole_items.sum(1), whole_relevant.sum(1)
    straddling = whole.sum(1)[:, None]  # one past the end where fewer than `top` are there
    padded = (np.pad(counts, ((0, 0), (0, 1))) for counts in (items, relevant))
    tied, tied_relevant = (np.take_along_axis(counts, straddling, axis=1)[:, 0] for counts in padded)
    drawn = np.minimum(top - before, tied)
    least, most = _possible(tied, tied_relevant, drawn)
    possible = np.minimum(top, relevant.sum(1))
    results = np.zeros_like(sums)
    for rows in _blocks(most - least + 1):
        hits, chances = hypergeometric(tied[rows], tied_relevant[rows], drawn[rows])
        divisor = found[rows, None] + hits if normaliser == "hits" else possible[rows, None]
        group = drawn[rows, None], hits, before[rows, None], found[rows, None]
        ways = zip(sums[:, rows], _WAYS, strict=True)
        expected, worst, best = ((total[:, None] + of(*group)) / np.maximum(divisor, 1) for total, (_, of) in ways)
        results[:, rows] = _sum(chances * expected), worst.min(1), best.max(1)
    expected, worst, best = results
    return expected, worst, best


def _blocks(widths: np.ndarray) -> Iterator[np.ndarray]:
    """Positions of rows, the widest first, as many at a time as `_BLOCK` holds."""
    order = np.argsort(-widths, kind="stable")
    while len(order):
        count = max(_BLOCK // int(widths[order[0]]), 1)
        yield order[:count]
        order = order[count:]


def hypergeometric(
    items: Int[np.ndarray, " q"], relevant: Int[np.ndarray, " q"], drawn: Int[np.ndarray, " q"]
) -> tuple[np.ndarray, np.ndarray]:
    """(Q, H) possible numbers of relevant items among `drawn` of `items`, `relevant` of them relevant, and their probabilities.

    A query with fewer possible numbers than others repeats its largest, with probability 0.
    """
    others = items - relevant
    least, most = _possible(items, relevant, drawn)
    steps = np.arange((most - least).max(initial=0) + 1)
    hits, there = np.minimum(least[:, None] + steps, most[:, None]), steps <= (most - least)[:, None]
    fewer = hits[:, :-1]  # each chance is the one before it times a ratio, here of logarithms
    more = (relevant[:, None] - fewer) * (drawn[:, None] - fewer)
    less = (fewer + 1) * (others[:, None] - drawn[:, None] + fewer + 1)
    ratios = np.log(np.where(there[:, 1:], more / np.where(there[:, 1:], less, 1), 1.0))
    logs = np.pad(np.cumsum(ratios, axis=1), ((0, 0), (1, 0)))
    weights = np.where(there, np.exp(logs - logs.max(axis=1, keepdims=True)), 0.0)
    return hits, weights / _sum(weights)[:, None]


def _possible(items: np.ndarray, relevant: np.ndarray, drawn: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The least and the largest number of relevant items among `drawn`."""
    return np.maximum(0, drawn - (items - relevant)), np.minimum(relevant, drawn)


def _sum(rows: np.ndarray) -> np.ndarray:
    """Of each row, one after the other: zeros at its end change no bit, so that a query's sum does not hang on its company."""
    total: np.ndarray = np.cumsum(rows, axis=1)[:, -1]
    return total
