"""Certified codes: bits of a smoothed hasher that no small change can turn, and the worst ranking that is left.

A bit of the smoothed code at x is the likelier sign of the hasher's bit at x + N(0, sigma^2). Where its chance is at least p > 1/2,
the bit is the same within the L2 radius sigma Phi^-1(p) (Cohen et al., ICML 2019, theorem 1, bit by bit).
"""

from __future__ import annotations

import numpy as np
from scipy.special import betaincinv, ndtri

from hashbench.retrieval.ranking import HammingRanking


def lower_bounds(hits: np.ndarray, draws: int, alpha: float) -> np.ndarray:
    """The one-sided Clopper-Pearson bound under a chance, from `hits` of `draws`; too high in a share `alpha` of samples."""
    bounds: np.ndarray = np.where(hits > 0, betaincinv(np.maximum(hits, 1), draws - hits + 1, alpha), 0.0)
    return bounds


def radii_of(hits: np.ndarray, draws: int, sigma: float, alpha: float) -> np.ndarray:
    """(Q, K) L2 radii within which bits stay, from how often (Q, K) noisy bits had the code's sign; -inf where p is not above 1/2.

    All bits of a query hold together but for a share `alpha` of samples: each is bounded at alpha / K. Radii are in pixel values
    of [0, 1], as sigma is.
    """
    chance = lower_bounds(hits, draws, alpha / hits.shape[1])
    certain: np.ndarray = np.where(chance > 0.5, sigma * ndtri(chance), -np.inf)
    return certain


def worst_ap(
    codes: np.ndarray,
    labels: np.ndarray,
    radii: np.ndarray,
    radius: float,
    database_codes: np.ndarray,
    database_labels: np.ndarray,
) -> np.ndarray:
    """(Q,) a floor under the AP of every image within an L2 radius of each query: bits of a smaller one may turn at will.

    `codes` and `radii` (Q, K). On m bits that may turn, relevant items are taken to differ and others to agree; ties are worst.
    """
    bits = codes.shape[1]
    items = np.zeros((len(codes), bits + 1), dtype=np.int64)
    relevant = np.zeros_like(items)
    for i, (code, label, radius_of_bit) in enumerate(zip(codes, labels, radii, strict=True)):
        stays = radius_of_bit >= radius
        apart = (database_codes[:, stays] != code[stays]).sum(1)
        likes = database_labels.astype(np.float32) @ label.astype(np.float32) > 0
        relevant[i] = np.bincount(apart[likes] + int((~stays).sum()), minlength=bits + 1)
        items[i] = relevant[i] + np.bincount(apart[~likes], minlength=bits + 1)
    return HammingRanking.from_counts(items, relevant).compute().ap_worst
