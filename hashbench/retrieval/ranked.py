"""Codes and labels ranked and scored in one call, with intervals: what 30-line loops are copied for."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from hashbench.retrieval.bootstrap import Bootstrap
from hashbench.retrieval.curves import by_radius
from hashbench.retrieval.cutoff import Normaliser
from hashbench.retrieval.ranking import HammingRanking

if TYPE_CHECKING:
    import pandas as pd

    from hashbench.retrieval.drawn import Drawn

TOPS = (1, 10, 100, 1000)


@dataclass(frozen=True)
class Ranked:
    """The scores of a ranking. Every number is a mean over queries with its 95 % bootstrap interval."""

    ranking: HammingRanking
    tops: Sequence[int] = TOPS
    cutoff: int | None = None
    normaliser: Normaliser = "hits"

    @cached_property
    def _bootstrap(self) -> Bootstrap:
        return Bootstrap(len(self.ranking.counts))

    def _interval(self, values: np.ndarray) -> tuple[float, float]:
        """Of the mean of (Q,) values; of a single query there is none."""
        return self._bootstrap.interval(values) if len(values) > 1 else (math.nan, math.nan)

    @cached_property
    def table(self) -> pd.DataFrame:
        """A row a metric: `metric`, `value`, `low`, `high`; values in [0, 1], counts without an interval.

        `map` is tie-aware: the exact mean over all orders of tied distances; `map_worst_ties` and `map_best_ties` are its bounds,
        `map_floor` a random ranking's. A query without relevant items counts 0. Precision and recall at N are means over tie
        orders too.
        """
        import pandas as pd

        ranking = self.ranking
        scores = ranking.compute(self.tops, self.cutoff, self.normaliser)
        name = "map" if self.cutoff is None else f"map@{self.cutoff}"
        metrics = {
            name: scores.ap,
            f"{name}_worst_ties": scores.ap_worst,
            f"{name}_best_ties": scores.ap_best,
            f"{name}_floor": ranking.floor(self.cutoff, self.normaliser),
            **{f"precision@{top}": scores.precision_at[:, i] for i, top in enumerate(scores.tops)},
            **{f"recall@{top}": scores.recall_at[:, i] for i, top in enumerate(scores.tops)},
            "precision_radius_2": scores.precision_by_radius[:, min(2, ranking.bits)],
        }
        rows: list[dict[str, str | float]] = []
        for metric, values in metrics.items():
            low, high = self._interval(values)
            rows.append({"metric": metric, "value": float(values.mean()), "low": low, "high": high})
        counts = {"queries": len(ranking.counts), "database": int(ranking.items[0].sum()), "bits": ranking.bits}
        counts["queries_without_relevant"] = int((scores.relevant == 0).sum())
        rows += [{"metric": metric, "value": float(count), "low": math.nan, "high": math.nan} for metric, count in counts.items()]
        return pd.DataFrame(rows, columns=["metric", "value", "low", "high"])

    @cached_property
    def curve(self) -> pd.DataFrame:
        """A row a Hamming radius, 0 to K: precision and recall within it, with their ends; an empty ball has precision 0."""
        import pandas as pd

        precision, recall = by_radius(self.ranking.items, self.ranking.relevant)
        columns: dict[str, object] = {"radius": np.arange(self.ranking.bits + 1)}
        for name, values in (("precision", precision), ("recall", recall)):
            columns[name] = values.mean(0)
            columns[f"{name}_low"], columns[f"{name}_high"] = zip(*map(self._interval, values.T), strict=True)
        return pd.DataFrame(columns)

    def plot(self) -> Drawn:
        """Precision by recall over all radii, with the intervals of both as a band and bars."""
        import matplotlib as mpl

        from hashbench.retrieval.drawn import Drawn

        curve = self.curve[self.ranking.items.sum(0).cumsum() > 0]
        with mpl.rc_context({"font.size": 8}):
            figure = Drawn(figsize=(3.4, 2.6), layout="constrained")
            axes = figure.subplots()
            axes.fill_between(curve.recall, curve.precision_low, curve.precision_high, color="#9ec5e8", linewidth=0)
            sides = np.stack([curve.recall - curve.recall_low, curve.recall_high - curve.recall])
            axes.errorbar(
                curve.recall, curve.precision, xerr=np.maximum(sides, 0), color="#1f5f99", marker=".", linewidth=1, elinewidth=0.5
            )
            axes.set(xlabel="recall", ylabel="precision", xlim=(0, 1), ylim=(0, 1.02), title="By Hamming radius")
        return figure
