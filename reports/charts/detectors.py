"""How well attacked queries are told from clean ones, at every threshold."""

from __future__ import annotations

import numpy as np

from hashbench.api import CellResult, Results

from ..tables.columns import DETECTORS
from ..tables.names import label
from .lines import CHANCE, Curve, lines
from .look import Chart
from .picked import white_box


def roc(results: Results) -> list[Chart]:
    """ROC curves of the detectors, a chart an attack of each setting; none without the benchmark `detection`."""
    cells = [(cell, label(setting.names)) for setting in white_box(results) for cell in setting.done]
    return [_chart(cell, curves, where) for cell, where in cells if (curves := _curves(cell))]


def _curves(cell: CellResult) -> dict[str, Curve]:
    found: dict[str, Curve] = {}
    for name in DETECTORS:
        clean, attacked = (cell.arrays.get(f"detection/{name}/{which}") for which in ("clean", "attacked"))
        if clean is not None and attacked is not None:
            found[name] = rates(clean, attacked)
    return found


def rates(clean: np.ndarray, attacked: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The share of clean and of attacked scores at or above each threshold, from none to all."""
    thresholds = np.append(np.inf, np.unique(np.concatenate([clean, attacked]))[::-1])
    alarms, hits = ((scores[None] >= thresholds[:, None]).mean(1) for scores in (clean, attacked))
    return alarms, hits


def _chart(cell: CellResult, curves: dict[str, Curve], where: str) -> Chart:
    ends = np.array([0.0, 1.0])
    about = f"{where}; a line a detector, larger scores look attacked"
    return lines(f"Detectors of {cell.label}", about, "false alarms", "attacked queries found", curves | {CHANCE: (ends, ends)})
