"""Average precision from distance counts, exactly: in expectation over all orders of ties, and its bounds.

Counts are (Q, K + 1): items, and relevant items, at each Hamming distance.
Source: McSherry and Najork, Computing information retrieval performance measures efficiently in the presence of tied scores (2008).
"""

from __future__ import annotations

import numpy as np

from hashbench.typing import Int

_EXACT = 64
_TABLE = np.concatenate([[0.0], np.cumsum(1 / np.arange(1, _EXACT + 1))])


def harmonic_gap(start: np.ndarray, count: np.ndarray) -> np.ndarray:
    """H(start + count) - H(start) for non-negative integers, without cancellation at any size."""
    end = start + count
    direct = _TABLE[np.minimum(end, _EXACT)] - _TABLE[np.minimum(start, _EXACT)]
    low, high = np.maximum(start, _EXACT).astype(float), np.maximum(end, _EXACT).astype(float)
    return direct + np.log1p((high - low) / low) + _tail(high) - _tail(low)


def _tail(n: np.ndarray) -> np.ndarray:
    """H(n) - ln n - gamma by Euler-Maclaurin, to 1e-16 from n = 64."""
    square = 1 / (n * n)
    return 0.5 / n - square * (1 / 12 - square * (1 / 120 - square / 252))


def expected_of(n: np.ndarray, r: np.ndarray, n_before: np.ndarray, r_before: np.ndarray) -> np.ndarray:
    """The sum of precisions at the `r` relevant ones of `n` tied items, the mean over all their orders.

    `n_before` items, `r_before` of them relevant, come first. All four broadcast.
    """
    slope = np.where(n > 1, (r - 1) / np.maximum(n - 1, 1), 0.0)
    offset = r_before + 1 - slope
    total: np.ndarray = r / np.maximum(n, 1) * (slope * n + (offset - slope * n_before) * harmonic_gap(n_before, n))
    return total


def best_of(n: np.ndarray, r: np.ndarray, n_before: np.ndarray, r_before: np.ndarray) -> np.ndarray:
    """The same with the relevant items first."""
    total: np.ndarray = r + (r_before - n_before) * harmonic_gap(n_before, r)
    return total


def worst_of(n: np.ndarray, r: np.ndarray, n_before: np.ndarray, r_before: np.ndarray) -> np.ndarray:
    """The same with the relevant items last."""
    start = n_before + n - r
    total: np.ndarray = r + (r_before - start) * harmonic_gap(start, r)
    return total


def expected_share(items: Int[np.ndarray, "q d"], relevant: Int[np.ndarray, "q d"]) -> np.ndarray:
    """(Q, K + 1) each distance's share of the sum of precisions at relevant items: the mean over all orders of tied items."""
    return expected_of(items, relevant, _before(items), _before(relevant))


def best_share(items: Int[np.ndarray, "q d"], relevant: Int[np.ndarray, "q d"]) -> np.ndarray:
    """(Q, K + 1) shares of the sum of precisions with the relevant items first among ties."""
    return best_of(items, relevant, _before(items), _before(relevant))


def worst_share(items: Int[np.ndarray, "q d"], relevant: Int[np.ndarray, "q d"]) -> np.ndarray:
    """(Q, K + 1) shares of the sum of precisions with the relevant items last among ties."""
    return worst_of(items, relevant, _before(items), _before(relevant))


def _before(counts: np.ndarray) -> np.ndarray:
    return np.cumsum(counts, axis=1) - counts


def average(share: np.ndarray, relevant: Int[np.ndarray, "q d"]) -> np.ndarray:
    """(Q,) AP over all ranks: the shares' sum divided by all relevant items; a query without any has AP 0."""
    ap: np.ndarray = share.sum(1) / np.maximum(relevant.sum(1), 1)
    return ap
