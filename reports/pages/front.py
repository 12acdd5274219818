"""What a report opens with: what the best attack of the first setting does to three queries, and how far it gets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hashbench.api import CellResult, Results, Setting, led_away

from ..charts.look import Chart
from ..charts.of_results import way_of
from ..numbers.away import leading_away, strongest
from ..numbers.ranking import steering
from ..pictures.encoding import Quality
from ..pictures.gallery import Sample, samples_of
from ..tables.names import label

QUERIES = 3


@dataclass(frozen=True)
class Front:
    """Pictures of the best attack of a setting."""

    attack: str
    about: str
    """What the attack is, in a line; empty for one that does not say."""
    where: str
    away: bool
    """Whether it leads away from the query's likes, to no target."""
    samples: Sequence[Sample]
    way: Chart | None
    """From the floor to the code that is steered to, where this is the only number of the page."""


def front(results: Results, quality: Quality) -> Front | None:
    """Of the first setting that has pictures, and of the only number; None where there is neither."""
    way = way_of(results.white_box[0]) if len(results.cells) == 1 and results.white_box else None
    for setting in results.white_box:
        best = _best(setting)
        samples = samples_of([best], quality)[:QUERIES] if best is not None else []
        if best is not None and (samples or way is not None):
            return Front(best.label, best.about().about, label(setting.names), led_away(best), samples, way)
    return None


def _best(setting: Setting) -> CellResult | None:
    """The attack that steers furthest; where all lead away from the query's likes, the one that leaves least."""
    away = leading_away(setting)
    if away and len(away) == len(setting.done):
        return strongest(away)
    return next(iter([one.cell for one in steering(setting)] or setting.done), None)
