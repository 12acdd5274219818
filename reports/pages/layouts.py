"""Tables and figures of a suite, built from its cells: transfer matrices, curves, galleries, sweeps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from hashbench.api import CellResult, Results, Setting, Show, Shown, ShowRow, UserError

from ..charts.lines import lines
from ..charts.look import Chart
from ..charts.of_results import ends_of, matrix, retrieval, travelling
from ..charts.strips import strips
from ..pictures.encoding import Quality
from ..pictures.gallery import Sample, quality_for, samples_of, strips_of
from ..tables.columns import column_of
from ..tables.defences import defences
from ..tables.model import Column, Entry, Line, Table
from ..tables.names import in_order, label, labels
from ..tables.whole import headings, number_of, transfer


@dataclass(frozen=True)
class Part:
    """One table or figure of a suite. Cells without a number keep their place in tables, with the reason."""

    tables: Sequence[Table] = ()
    charts: Sequence[Chart] = ()
    samples: Sequence[Sample] = field(default_factory=tuple)
    """Where there are any, a page shows them for the charts."""
    quality: Quality | None = None
    """Of the samples."""


Rows = Sequence[ShowRow]


def parts(suite: Shown, results: Results) -> list[Part]:
    """All that a suite shows, in its order."""
    wanted = set(suite.cells)
    own = Results(results.runs, [cell for cell in results.cells if cell.slug in wanted])
    build = {
        "rows": _rows,
        "measures": _measures,
        "matrix": _matrix,
        "curves": _curves,
        "retrieved": _retrieved,
        "sweep": _sweep,
        "defences": _defences,
    }
    found = []
    for show in suite.show:
        named = [row for row in show.rows if row.attack is None or row.attack in suite.attacks]
        rows = [row if row.attack is None else row.model_copy(update={"attack": suite.attacks[row.attack]}) for row in named]
        found.append(build[show.kind](suite, rows, own, show))
    return found


def _settings(results: Results) -> list[Setting]:
    return in_order(results.white_box)


def _cell(setting: Setting, attack: str | None, metric: str) -> CellResult | None:
    """The cell of an attack; of any that has the metric for None."""
    if attack is not None:
        found = [cell for cell in setting.cells if cell.at.attack == attack]
        if len(found) > 1:
            raise UserError(f"these runs have several results of {attack} in one setting: give one of them at a time.")
        return found[0] if found else None
    return next((cell for cell in setting.done if cell.value(metric) is not None), None)


def _rows(suite: Shown, rows: Rows, results: Results, show: Show) -> Part:
    settings = _settings(results)
    lines = []
    for row in rows:
        cells = [_cell(setting, row.attack, row.metric or "") for setting in settings]
        lines.append(Line((Entry(row.label), *(number_of(cell, row.metric or "") for cell in cells))))
    return Part([Table(suite.title, suite.about, headings(settings, "method"), lines)])


def _measures(suite: Shown, rows: Rows, results: Results, show: Show) -> Part:
    settings, measures = _settings(results), show.measures
    heads = labels(settings, ("dataset", "bits"))
    columns = [Column("method", None)]
    columns += [replace(column_of(m), group=head, help="") for head in heads for m in measures]
    asked = [(setting, m) for setting in settings for m in measures]
    table = [Line((Entry(row.label), *(number_of(_cell(setting, row.attack, m), m) for setting, m in asked))) for row in rows]
    return Part([Table(suite.title, suite.about, columns, table)])


def _matrix(suite: Shown, rows: Rows, results: Results, show: Show) -> Part:
    charts, tables = [], []
    wanted = {row.attack for row in rows}
    ends = ends_of([[cell for cell in results.cells if cell.at.attack in wanted]])
    for row in rows:
        groups = travelling([cell for cell in results.cells if cell.at.attack == row.attack])
        charts += [matrix(row.label, group, ends) for group in groups]
        whole = transfer(Results(results.runs, [cell for group in groups for cell in group])) if groups else None
        if whole is not None:
            tables.append(replace(whole, title=f"{suite.title}: {row.label}", about=suite.about))
    return Part(tables, charts)


def _curves(suite: Shown, rows: Rows, results: Results, show: Show) -> Part:
    names = {row.attack: row.label for row in rows if row.attack is not None}
    charts: list[Chart] = []
    for setting in _settings(results):
        done = [cell for cell in setting.done if cell.at.attack in names]
        picked = {names[cell.at.attack] + (f" ({cell.run})" if cell.run else ""): cell for cell in done}
        charts += retrieval(picked, label(setting.names))
    return Part(charts=charts)


def _retrieved(suite: Shown, rows: Rows, results: Results, show: Show) -> Part:
    wanted = {row.attack for row in rows}
    picked = [[cell for cell in setting.done if cell.at.attack in wanted] for setting in _settings(results)]
    quality = quality_for(cell for cells in picked for cell in cells)
    drawn = [(made, label(cells[0].names)) for cells in picked if (made := strips_of(cells))]
    charts = [strips(suite.title, f"{suite.about} {where}", made) for made, where in drawn]
    return Part(charts=charts, samples=[sample for cells in picked for sample in samples_of(cells, quality)], quality=quality)


def _defences(suite: Shown, rows: Rows, results: Results, show: Show) -> Part:
    return Part([defences(suite.title, suite.about, rows, results)])


def _number(cell: CellResult, option: str, suite: Shown) -> float:
    value = cell.option(option)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise UserError(f"the suite {suite.name} sweeps '{option}', which is no number of {cell.at.attack}: leave that row out.")
    return float(value)


def _sweep(suite: Shown, rows: Rows, results: Results, show: Show) -> Part:
    """Measures over the values of one option of an attack, a line a setting; and the same numbers as a table."""
    option, measures = show.option, show.measures
    attacks = {row.attack for row in rows}
    settings = _settings(results)
    heads = labels(settings, ("bits",))
    columns = [Column(option, None), Column("hasher", None), *(replace(column_of(m), help="") for m in measures)]
    table: list[Line] = []
    drawn: dict[str, dict[str, tuple[np.ndarray, ...]]] = {measure: {} for measure in measures}
    for head, setting in zip(heads, settings, strict=True):
        done = [cell for cell in setting.done if cell.at.attack in attacks]
        done.sort(key=lambda cell: _number(cell, option, suite))
        values = [_number(cell, option, suite) for cell in done]
        for value, cell in zip(values, done, strict=True):
            table.append(Line((Entry(f"{value:g}"), Entry(head), *(number_of(cell, m) for m in measures)), cell=cell))
        for m in measures:
            numbers = np.array([cell.value(m) for cell in done], dtype=np.float64) * column_of(m).scale
            drawn[m][head] = (np.array(values), numbers)
    positive = all((values > 0).all() for values, _ in drawn[measures[0]].values())
    charts = [
        lines(f"{column_of(m).heading} by {option}", suite.about, option, column_of(m).heading, drawn[m], log=positive, points=True)
        for m in measures
        if table
    ]
    return Part([Table(suite.title, suite.about, columns, table, labels=2)], charts)
