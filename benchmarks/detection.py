"""Whether attacked queries can be told from clean ones: detectors that look at codes, logits and a denoised image."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from scipy.ndimage import median_filter

from hashbench.api import Benchmark, Measurement, Products, Row

ALARMS = 0.05
"""The share of clean queries that a threshold calls attacked."""


@dataclass(frozen=True)
class Look:
    """What detectors see of images."""

    logits: np.ndarray
    """(Q, K)"""
    denoised: np.ndarray
    """(Q, K) logits after a 3 x 3 median filter."""
    database: np.ndarray
    """(N, K) codes."""

    @classmethod
    def at(cls, products: Products, images: np.ndarray) -> Look:
        filtered = median_filter(images, (1, 1, 3, 3), mode="nearest")
        return cls(products.logits(images), products.logits(filtered), products.database_codes)


def margin(look: Look) -> np.ndarray:
    """(Q,) 1 less the mean |u| of the relaxed code u: how near bits are to turning."""
    return 1 - np.abs(np.tanh(look.logits)).mean(1)


def quantisation(look: Look) -> np.ndarray:
    """(Q,) mean (|u| - 1)^2: the quantisation loss (UMCD, 2023)."""
    return np.square(np.abs(np.tanh(look.logits)) - 1).mean(1)


def distance(look: Look) -> np.ndarray:
    """(Q,) share of bits that differ from the nearest code of the database (UMCD, 2023)."""
    codes = np.where(look.logits >= 0, 1, -1).astype(np.float32)
    database = np.unique(look.database, axis=0).astype(np.float32)
    return (1 - (codes @ database.T).max(1) / codes.shape[1]) / 2


def denoising(look: Look) -> np.ndarray:
    """(Q,) share of bits that the median filter turns (UMCD's third criterion, with a filter for its network)."""
    return ((look.logits >= 0) != (look.denoised >= 0)).mean(1)


DETECTORS: Mapping[str, Callable[[Look], np.ndarray]] = {
    "margin": margin,
    "quantisation": quantisation,
    "distance": distance,
    "denoising": denoising,
}
"""Scores of images (Q, 3, h, w), larger where they look attacked, by the end of the metrics' names."""


@dataclass(frozen=True)
class Detection(Benchmark):
    """How well detectors tell attacked queries from clean ones: the area under the ROC curve, and hits at 5 % false alarms

    `detected_margin` is the area: the chance that an attacked query scores above a clean one, ties half; 0.5 is chance.
    `hits_margin`: the share of attacked queries above the score that 5 % of the clean ones exceed. Intervals are over attacked
    queries. An attack that looks at detectors too: `evasive`.
    """

    def measure(self, products: Products) -> Measurement:
        rows: list[Row] = []
        arrays: dict[str, np.ndarray] = {}
        looks = [Look.at(products, images) for images in (products.clean_pixels, products.adversarial)]
        for name, score in DETECTORS.items():
            clean, attacked = (score(look) for look in looks)
            rows += [
                Row.mean(f"detected_{name}", areas(clean, attacked)),
                Row.mean(f"hits_{name}", (attacked > threshold(clean)).astype(np.float64)),
            ]
            arrays |= {f"detection/{name}/clean": clean, f"detection/{name}/attacked": attacked}
        return Measurement(rows, arrays)


def threshold(clean: np.ndarray) -> float:
    """The score that 5 % of the clean ones exceed, or as many as come nearest from below."""
    exceed = int(len(clean) * ALARMS + 1e-9)
    return float(np.sort(clean)[-1 - exceed])


def areas(clean: np.ndarray, attacked: np.ndarray) -> np.ndarray:
    """(Q,) for each attacked score, the share of clean ones below it, ties half: their mean is the area under the ROC curve."""
    order = np.sort(clean)
    below, upto = (np.searchsorted(order, attacked, side=side) for side in ("left", "right"))
    shares: np.ndarray = (below + upto) / 2 / len(clean)
    return shares
