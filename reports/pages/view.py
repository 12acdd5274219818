"""The content of the report's page, in its order."""

from __future__ import annotations

import json
from collections.abc import Set
from typing import Any

import pandas as pd

from hashbench.api import CellResult, Results, Setting, csv_text, epsilon_text, led_away

from ..charts import of_results as draw
from ..charts import queries, security
from ..charts.detectors import roc
from ..charts.look import Chart
from ..numbers.published import published
from ..numbers.ranking import ranking
from ..pictures.encoding import Quality
from ..pictures.gallery import quality_for, samples_of
from ..tables import setting as of_setting
from ..tables import whole
from ..tables.columns import column_of
from ..tables.model import Column, Entry, Line, Table, measured
from ..tables.names import NAMES, labels, queries_of
from ..tables.text import to_csv
from .front import front
from .words import summary

TILES = {
    "map_clean": "MAP of the hasher, clean",
    "map_pixels": "MAP of raw pixels",
    "map_random": "MAP of the untrained network",
    "map_floor": "MAP of a random ranking",
    "t_map_floor": "t-MAP of a random ranking",
}


def view(results: Results) -> dict[str, Any]:
    """Everything the template needs."""
    several = len(results.runs) > 1
    settings = results.white_box
    quality = quality_for(results.cells)
    cells = whole.cells(results)
    attacks = list(dict.fromkeys(cell.label for cell in results.cells))
    return {
        "title": ", ".join(attacks) if not several else f"{len(results.runs)} runs",
        "heading": f"Comparison of {len(results.runs)} runs" if several else "How far can retrieval be steered?",
        "lead": _lead(len(attacks), len(settings), {led_away(cell) for cell in results.cells if cell.status == "ok"}),
        "summary": summary(results),
        "front": front(results, quality),
        "missing": [cell for cell in results.cells if cell.status != "ok"],
        "cells": cells,
        "cells_csv": to_csv([cells]),
        "metrics_csv": _metrics(results),
        "protocols": whole.protocols(results),
        "seeds": whole.seeds(results),
        "overview": _overview(results),
        "transfer": {"table": whole.transfer(results), "charts": draw.transfer(results)},
        "settings": [
            _setting(setting, title, short, several, quality)
            for setting, title, short in zip(settings, labels(settings, NAMES), labels(settings), strict=True)
        ],
        "quality": quality,
        "costs": whole.costs(results),
        "runs": results.runs,
    }


def _lead(attacks: int, settings: int, away: Set[bool]) -> str:
    """`away`: whether the attacks lead away from the query's likes, of all that have a number."""

    def many(count: int, what: str) -> str:
        return f"{count} {what}{'' if count == 1 else 's'}"

    on = f"{many(attacks, 'attack')} on {many(settings, 'setting')} of hasher, data, protocol, budget, seed and queries."
    ends = {False: "returns images of a target instead of its likes", True: "no longer returns its likes"}
    so = " or ".join(ends[one] for one in sorted(away or {False}))
    return f"{on} Each attack changes every query a little, so that the database {so}."


def _overview(results: Results) -> list[tuple[str, list[Chart]]]:
    found = {
        "Attacks": draw.bars(results) if len(results.cells) > 1 else [],
        "Security curves": [*security.over_epsilon(results), *security.over_steps(results), *security.over_bits(results)],
        "Questions": queries.given_away(results),
        "Survival": security.survival(results),
        "Detectors": roc(results),
        "Trade-offs": [*draw.perceptibility(results), *draw.time(results)],
    }
    return [(name, charts) for name, charts in found.items() if charts]


def _setting(setting: Setting, title: str, short: str, several: bool, quality: Quality) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "title": title,
        "short": short,
        "made": setting.done[0].made if setting.done else None,
        "epsilon": ("L∞ " if setting.names["norm"] == "linf" else "") + epsilon_text(setting.epsilon, str(setting.names["norm"])),
        "attacks": of_setting.attacks(setting, several),
        "differences": of_setting.differences(setting),
        "details": of_setting.details(setting),
        "flags": [(cell, flag) for cell in setting.cells for flag in cell.flags],
        "without_relevant": 0,
        "charts": [],
        "samples": [],
    }
    if not setting.done:
        return shown
    ranked = [one.cell for one in ranking(setting)]
    irrelevant = setting.done[0].value("targets_without_relevant")
    way = draw.way_of(setting)
    return shown | {
        "tiles": _tiles(setting.done[0]),
        "options": _options(setting),
        "without_relevant": f"{irrelevant:.0f}" if irrelevant else 0,
        "charts": [*([way] if way else []), *draw.retrieval_of(setting)],
        "samples": samples_of(ranked or setting.done, quality),
    }


def _tiles(cell: CellResult) -> list[dict[str, str]]:
    found = []
    for metric, name in TILES.items():
        column, entry = column_of(metric), measured(cell, metric, published(cell, metric))
        found.append({"name": name, "text": entry.text(column), "interval": entry.interval(column) or entry.beside(column)})
    return found


def _options(setting: Setting) -> Table:
    columns = [Column(heading, None) for heading in ("attack", "options", "aim's options", "access", "images key")]
    lines = []
    for cell, made in ((cell, cell.made) for cell in setting.done if cell.made is not None):
        texts = (_json(made.options["attack"]), _json(made.options.get("aim", {})), cell.about().access, made.keys.images)
        lines.append(Line((Entry(cell.label), *map(Entry, texts)), cell=cell))
    return Table("Options", "as resolved, presets and defaults filled in", columns, lines)


def _json(options: object) -> str:
    return json.dumps(options, sort_keys=True)


def _metrics(results: Results) -> str:
    """Every metric of every cell with its interval, a row a cell, as CSV."""
    rows = []
    for cell in results.cells:
        row: dict[str, Any] = {**cell.names, "queries": queries_of(cell), "status": cell.status}
        for found in (*cell.rows, *cell.timings):
            row[found.metric] = found.value
            if found.low is not None:
                row |= {f"{found.metric}_low": found.low, f"{found.metric}_high": found.high}
        rows.append(row)
    return csv_text(pd.DataFrame(rows))
