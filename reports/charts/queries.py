"""How much a search engine gives away: what attacks that only ask have reached after so many questions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from hashbench.api import CellResult, Results

from .lines import CLEAN, Curve, lines
from .look import Chart
from .picked import WORLD, interval, together

_GOALS = {"t_map": "t-MAP", "map_attacked": "MAP"}
ANSWERS = {"code": "the code", "distances": "1,000 ids with distances", "ids": "50 ids"}
"""Answer models, by the option's value."""
Points = Sequence[tuple[float, float, float, float]]
"""Questions, value, and the ends of its interval."""


def given_away(results: Results) -> list[Chart]:
    """Of every setting and goal: the best attack of each answer model, and a chart of all attacks for each model."""
    charts = []
    for names, settings in together(results, (*WORLD, *("hasher", "backbone", "bits"))):
        for metric, up in _GOALS.items():
            by_answer: dict[str, dict[str, Points]] = {}
            cells = [cell for setting in settings for cell in setting.done]
            for cell in cells:
                if points := _points(cell, metric):
                    found = by_answer.setdefault(str(cell.option("answer")), {})
                    found[_name(cell)] = _envelope([points, found.get(_name(cell), [])], metric)
            if not by_answer:
                continue
            best = {ANSWERS[answer]: _envelope(list(found.values()), metric) for answer, found in _ordered(by_answer)}
            goal = "targeted: high is far" if metric == "t_map" else "untargeted: low is far"
            about = f"{names}; {goal}; the best attack of each answer at each reading"
            clean = interval(cells[0], "t_map_clean" if metric == "t_map" else "map_clean")
            charts.append(_drawn("How much a search engine gives away", about, up, best, clean))
            for answer, found in _ordered(by_answer):
                charts.append(_drawn(f"Attacks that get {ANSWERS[answer]}", f"{names}; {goal}", up, found, clean))
    return charts


def _points(cell: CellResult, metric: str) -> Points:
    found = []
    for row in cell.rows:
        head, _, reading = row.metric.rpartition("_at_")
        ends = interval(cell, row.metric)
        if head == metric and ends is not None:
            found.append((float(reading), *ends))
    return sorted(found)


def _envelope(attacks: Sequence[Points], metric: str) -> Points:
    """The best point at each number of questions."""
    best = max if metric == "t_map" else min
    readings = sorted({point[0] for points in attacks for point in points})
    at = [[point for points in attacks for point in points if point[0] == reading] for reading in readings]
    return [best(points, key=lambda point: point[1]) for points in at]


def _drawn(title: str, about: str, up: str, found: Mapping[str, Points], clean: tuple[float, float, float] | None) -> Chart:
    curves: dict[str, Curve] = {name: tuple(np.array(axis) for axis in zip(*line, strict=True)) for name, line in found.items()}
    readings = [point[0] for line in found.values() for point in line]
    if clean is not None:
        curves[CLEAN] = (np.array([min(readings), max(readings)]), np.full(2, clean[0]))
    return lines(title, about, "questions", up, curves, log=True, points=True)


def _ordered(by_answer: Mapping[str, dict[str, Points]]) -> list[tuple[str, dict[str, Points]]]:
    return [(answer, by_answer[answer]) for answer in ANSWERS if answer in by_answer]


def _name(cell: CellResult) -> str:
    """The attack without its answer, its goal and its questions, which the chart says."""
    name, _, options = cell.at.attack.partition("[")
    kept = [part for part in options.rstrip("]").split(",") if part and not part.startswith(("answer=", "away=", "queries="))]
    return (f"{name}[{','.join(kept)}]" if kept else name) + f" ({cell.run})" * bool(cell.run)
