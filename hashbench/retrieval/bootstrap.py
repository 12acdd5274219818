"""95 % intervals over queries by the paired bootstrap."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

RESAMPLES = 2000


class Bootstrap:
    """Resamples of `queries` queries, the same for every number of a table, so that differences are paired."""

    def __init__(self, queries: int, seed: int = 0, resamples: int = RESAMPLES) -> None:
        if resamples < RESAMPLES:
            raise ValueError(f"{resamples} resamples: an interval's ends need at least 2,000.")
        self._weights = _draw(queries, seed, resamples)

    def means(self, per_query: np.ndarray) -> np.ndarray:
        """(resamples,) means of (Q,) values; those that are nan do not count, and a resample of nothing else is nan."""
        counts = np.isfinite(per_query)
        if counts.all():
            return np.asarray(self._weights @ per_query / len(per_query))
        drawn = self._weights @ counts
        means: np.ndarray = self._weights @ np.where(counts, per_query, 0.0) / np.where(drawn > 0, drawn, np.nan)
        return means

    def interval(self, per_query: np.ndarray) -> tuple[float, float]:
        """The percentile interval of the mean of (Q,) values, one of which counts at least."""
        return percentiles(self.means(per_query))


@lru_cache(maxsize=2)
def _draw(queries: int, seed: int, resamples: int) -> np.ndarray:
    """(resamples, queries) how often each query is drawn: the same for every number of a table, so drawn once."""
    rng = np.random.default_rng(seed)
    return rng.multinomial(queries, np.full(queries, 1 / queries), size=resamples).astype(np.float64)


def percentiles(resampled: np.ndarray) -> tuple[float, float]:
    """The middle 95 % of resampled values."""
    low, high = np.nanpercentile(resampled, [2.5, 97.5])
    return float(low), float(high)
