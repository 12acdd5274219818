"""What a report opens with: what the best attack of the first setting does to three queries, and how far it gets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hashbench.api import Results

from ..charts.look import Chart
from ..charts.of_results import way_of
from ..numbers.ranking import ranking
from ..pictures.encoding import Quality
from ..pictures.gallery import Sample, samples_of
from ..tables.names import label

QUERIES = 3


@dataclass(frozen=True)
class Front:
    """Pictures of the best attack of a setting."""

    attack: str
    where: str
    samples: Sequence[Sample]
    way: Chart | None
    """From the floor to the code that is steered to, where this is the only number of the page."""


def front(results: Results, quality: Quality) -> Front | None:
    """Of the first setting that has a number; None where none has."""
    setting = next((setting for setting in results.white_box if setting.done), None)
    if setting is None:
        return None
    ranked = [one.cell for one in ranking(setting)]
    best = (ranked or setting.done)[0]
    alone = len(results.cells) == 1
    made = Front(best.label, label(setting.names), samples_of([best], quality)[:QUERIES], way_of(setting) if alone else None)
    return made if made.samples or made.way else None
