"""What no attack can do to the smoothed hasher: certified bits, and MAP in the worst case, by L2 radius."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from hashbench.api import Benchmark, Measurement, Products, Row, option, radii_of, worst_ap

_BATCH = 256


@dataclass(frozen=True)
class Certificate(Benchmark):
    """Of clean queries, by randomised smoothing of the hasher: how many bits stay within an L2 radius, and the worst MAP there

    `certified_bits_0.25`: the share of bits that no change of L2 length 0.25 can turn, whatever the attack; `certified_map_0.25`:
    a floor under MAP after any such change of every query, the database as it is; none where the protocol has a cut-off. Both are
    of the smoothed code (`smoothed_map`), not of the hasher that attacks of the cell looked at; they hold but for a share alpha of
    samples, query by query. For hashers trained with noise: `gaussian[sigma=0.25]`.
    """

    paper: ClassVar[str] = "https://arxiv.org/abs/1902.02918"
    sigma: float = option(0.25, "of the noise, in pixel values of [0, 1]")
    draws: int = option(1000, "noisy copies of a query that bound its bits' chances")
    votes: int = option(100, "noisy copies, others, that say its code")
    alpha: float = option(0.001, "the share of samples that a query's radii may be wrong in")
    radii: str = option("0.1+0.25+0.5", "L2 radii, with + between them, in pixel values of [0, 1]")

    def __post_init__(self) -> None:
        if self.sigma <= 0:
            raise ValueError(f"sigma is {self.sigma:g}: give more than 0.")
        if min(self.draws, self.votes) < 1:
            raise ValueError("give at least one of draws and votes.")
        if not 0 < self.alpha < 1:
            raise ValueError(f"alpha is {self.alpha:g}: give a share between 0 and 1.")
        self._radii()

    def _radii(self) -> list[float]:
        try:
            return [float(radius) for radius in self.radii.split("+")]
        except ValueError as error:
            raise ValueError(f"radii are '{self.radii}': write numbers with + between them, such as 0.1+0.25.") from error

    def measure(self, products: Products) -> Measurement:
        codes, radii = self.certify(products)
        database = (products.database_codes, products.database_labels)
        smoothed = products.ap(codes, products.query_labels)
        rows = [Row.mean("smoothed_map", smoothed)]
        for radius in self._radii():
            rows.append(Row.mean(f"certified_bits_{radius:g}", (radii >= radius).mean(1)))
            if products.protocol.cutoff is None:
                worst = worst_ap(codes, products.query_labels, radii, radius, *database)
                rows.append(Row.mean(f"certified_map_{radius:g}", np.where(np.isnan(smoothed), np.nan, worst)))
        return Measurement(rows, {"certificate/codes": codes, "certificate/radii": radii.astype(np.float32)})

    def certify(self, products: Products) -> tuple[np.ndarray, np.ndarray]:
        """(Q, K) smoothed codes, and the radii within which their bits stay; a query's noise is its own."""
        codes, radii = [], []
        for i, image in enumerate(products.clean_pixels):
            rng = np.random.default_rng([0, i])
            code = np.where(2 * self._ones(products, image, self.votes, rng) >= self.votes, 1, -1)
            ones = self._ones(products, image, self.draws, rng)
            hits = np.where(code > 0, ones, self.draws - ones)
            codes.append(code)
            radii.append(radii_of(hits[None], self.draws, self.sigma, self.alpha)[0])
        return np.stack(codes).astype(np.int8), np.stack(radii)

    def _ones(self, products: Products, image: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
        """(K,) how many of `count` noisy copies have each bit at +1."""
        found = np.zeros(products.database_codes.shape[1], dtype=np.int64)
        for start in range(0, count, _BATCH):
            noise = rng.standard_normal((min(_BATCH, count - start), *image.shape), dtype=np.float32)
            found += (products.logits(image.astype(np.float32) / 255 + self.sigma * noise) >= 0).sum(0)
        return found
