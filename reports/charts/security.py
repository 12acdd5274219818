"""Security curves: t-MAP over budgets, steps and code lengths; what is left after handling."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from hashbench.api import CellResult, Results, epsilon_text, split_outside_brackets

from .bars import grouped
from .lines import lines
from .look import Chart
from .picked import HASHER, WORLD, interval, together


def over_epsilon(results: Results) -> list[Chart]:
    """Security curves: t-MAP by budget, from the clean query at 0; a chart a hasher for which several budgets were run."""
    charts = []
    for names, settings in together(results, HASHER):
        found: dict[str, list[tuple[float, ...]]] = {}
        norm = str(settings[0].names["norm"])
        scale, across = (255, "ε × 255") if norm == "linf" else (1, "ε, L2")
        for setting in settings:
            for cell in setting.done:
                reached, clean = interval(cell, "t_map"), interval(cell, "t_map_clean")
                if reached is not None and clean is not None:
                    line = found.setdefault(cell.label, [(0.0, *clean)])
                    line.append((setting.epsilon * scale, *reached))
        budgets = sorted({setting.epsilon for setting in settings})
        if len(budgets) > 1 and found:
            said = ", ".join(epsilon_text(budget, norm) for budget in budgets)
            charts.append(_security("budget", f"{names}; ε {said}; 0 is the clean query", across, found))
    return charts


def over_bits(results: Results) -> list[Chart]:
    """t-MAP by code length, where hashers of several were attacked; a chart for whatever else differs, a line an attack."""
    charts = []
    for names, settings in together(results, (*HASHER[:3], "protocol", "seed", "epsilon", "norm")):
        found: dict[str, list[tuple[float, ...]]] = {}
        for setting in settings:
            for cell in setting.done:
                reached = interval(cell, "t_map")
                if reached is not None:
                    found.setdefault(cell.label, []).append((float(cell.at.target.bits), *reached))
        several = {name: line for name, line in found.items() if len({point[0] for point in line}) > 1}
        if several:
            charts.append(_security("code length", names, "bits", several))
    return charts


HANDLED = {
    "": "as made",
    "_jpeg95": "JPEG 95",
    "_jpeg75": "JPEG 75",
    "_jpeg50": "JPEG 50",
    "_resize75": "75 %",
    "_shift": "half a pixel",
}
HANDLED["_bits6"] = "6 bits"
"""Ends of the metrics of the benchmark survival, and what was done to the images."""


def survival(results: Results) -> list[Chart]:
    """What is left of each attack when its images are handled; a chart a setting."""
    charts = []
    for names, settings in together(results, (*WORLD, *HASHER[1:4])):
        for setting in settings:
            values = {
                cell.label: {said: found for end, said in HANDLED.items() if (found := interval(cell, f"t_map{end}")) is not None}
                for cell in setting.done
            }
            handled = {label: found for label, found in values.items() if len(found) > 1}
            if handled:
                charts.append(grouped("t-MAP after handling", f"{names}; the same images", list(HANDLED.values()), handled))
    return charts


def over_steps(results: Results) -> list[Chart]:
    """Security curves: t-MAP by steps, where attacks were run with several; a chart a hasher, a line an attack and budget."""
    charts = []
    for names, settings in together(results, HASHER):
        found: dict[str, list[tuple[float, ...]]] = {}
        budgets = {setting.epsilon for setting in settings}
        for setting in settings:
            said = f", ε {epsilon_text(setting.epsilon, str(setting.names['norm']))}" if len(budgets) > 1 else ""
            for cell in setting.done:
                steps, reached = cell.option("steps"), interval(cell, "t_map")
                if isinstance(steps, int) and reached is not None:
                    found.setdefault(_without_steps(cell) + said, []).append((float(steps), *reached))
        several = {name: line for name, line in found.items() if len({point[0] for point in line}) > 1}
        if several:
            charts.append(_security("steps", names, "steps", several))
    return charts


def _security(by: str, about: str, across: str, found: Mapping[str, Sequence[tuple[float, ...]]]) -> Chart:
    curves = {name: tuple(np.array(axis) for axis in zip(*sorted(line), strict=True)) for name, line in found.items()}
    return lines(f"Security curve over {by}", about, across, "t-MAP", curves, points=True)


def _without_steps(cell: CellResult) -> str:
    """An attack's label without its number of steps."""
    name, _, options = cell.at.attack.partition("[")
    kept = [part for part in split_outside_brackets(options.removesuffix("]")) if not part.startswith("steps=")]
    run = f" ({cell.run})" if cell.run else ""
    return (f"{name}[{','.join(kept)}]" if kept else name) + run
