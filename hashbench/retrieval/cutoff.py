"""Average precision of the first N retrieved, from distance counts: in expectation over ties, and its bounds.

Of the items at the distance that straddles N only some are retrieved, and how many of those are relevant is hypergeometric;
the number in the denominator goes with it, so the expectation is a mixture over that number, not a ratio of expectations.
"""

from __future__ import annotations

from typing import Literal

import numpy as np

from hashbench.retrieval.average_precision import best_share, expected_share, worst_share
from hashbench.typing import Int

Normaliser = Literal["hits", "possible"]
"""What a sum of precisions in the first N is divided by: the relevant items there ("hits": the usual loop of the field), or those
that could be there, the smaller of N and all relevant items ("possible"). Without a cut-off both are all relevant items."""


def ap_at(
    items: Int[np.ndarray, "q d"], relevant: Int[np.ndarray, "q d"], top: int, normaliser: Normaliser = "hits"
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(Q,) expected, worst and best AP of the first `top` retrieved; 0 for a query with nothing to divide by."""
    if top < 1:
        raise ValueError(f"a cut-off of {top}: give at least 1.")
    rows = [_of_query(n, r, top, normaliser) for n, r in zip(items, relevant, strict=True)]
    expected, worst, best = np.array(rows, dtype=np.float64).reshape(-1, 3).T
    return expected, worst, best


def _of_query(n: np.ndarray, r: np.ndarray, top: int, normaliser: Normaliser) -> tuple[float, float, float]:
    after = np.cumsum(n)
    straddling = int(np.searchsorted(after, top))
    whole_n, whole_r = n[None, :straddling], r[None, :straddling]
    found = int(whole_r.sum())
    sums = [float(share(whole_n, whole_r).sum()) for share in (expected_share, worst_share, best_share)]
    slots = top - (int(after[straddling - 1]) if straddling else 0)
    if straddling == len(n):
        chances, hits = np.ones(1), np.zeros(1, dtype=np.int64)
    else:
        chances, hits = hypergeometric(int(n[straddling]), int(r[straddling]), min(slots, int(n[straddling])))
    before = top - slots
    divisor = found + hits if normaliser == "hits" else np.full(len(hits), min(top, int(r.sum())))
    straddlers = np.full(len(hits), slots if straddling < len(n) else 0)
    results = []
    for total, share in zip(sums, (expected_share, worst_share, best_share), strict=True):
        groups = np.stack([np.full(len(hits), before), straddlers], 1), np.stack([np.full(len(hits), found), hits], 1)
        results.append((total + share(*groups)[:, 1]) / np.maximum(divisor, 1))
    return float(chances @ results[0]), float(results[1].min()), float(results[2].max())


def hypergeometric(items: int, relevant: int, drawn: int) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities and numbers of relevant items among `drawn` of `items`, `relevant` of them relevant: all possible numbers."""
    from scipy.stats import hypergeom

    hits = np.arange(max(0, drawn - (items - relevant)), min(relevant, drawn) + 1)
    return hypergeom.pmf(hits, items, relevant, drawn), hits
