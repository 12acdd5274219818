"""How much of what was possible was gained, with its interval."""

from __future__ import annotations

import numpy as np

from hashbench.results.cell import Measured
from hashbench.retrieval import Bootstrap
from hashbench.retrieval.bootstrap import percentiles


def ratio(metric: str, gained: np.ndarray, possible: np.ndarray, seed: int) -> Measured:
    """Mean of `gained` (Q,) over mean of `possible` (Q,), and the interval of the same resamples' ratios.

    No value where what is possible is not told apart from nothing: a share of nothing has no meaning. No interval of one query.
    """
    bootstrap = Bootstrap(len(gained), seed)
    if not bootstrap.interval(possible)[0] > 0:
        return Measured(metric=metric, value=None)
    value = float(np.nanmean(gained) / np.nanmean(possible))
    if len(gained) < 2:
        return Measured(metric=metric, value=value)
    ways = bootstrap.means(possible)
    low, high = percentiles(bootstrap.means(gained) / np.where(ways > 0, ways, np.nan))
    return Measured(metric=metric, value=value, low=low, high=high)
