"""Settings that share names or differ in what budgets bound: each is told from the others, none is lost."""

from __future__ import annotations

import csv
import importlib
import io
from dataclasses import replace

import synthetic

from hashbench.api import Results

whole = importlib.import_module("hashbench.reports.tables.whole")
text = importlib.import_module("hashbench.reports.tables.text")


def with_norm(results: Results, norm: str) -> Results:
    return Results(results.runs, [replace(cell, at=cell.at.model_copy(update={"norm": norm})) for cell in results.cells])


def on_other_data(results: Results, shift: float) -> Results:
    """The same names, other images; values higher by `shift`."""
    cells = []
    for cell in results.cells:
        assert cell.made is not None
        made = cell.made.model_copy(update={"data": cell.made.data.model_copy(update={"content": "other"})})
        rows = tuple(row if row.value is None else row.model_copy(update={"value": row.value + shift}) for row in cell.rows)
        cells.append(replace(cell, made=made, rows=rows))
    return Results(results.runs, cells)


def test_a_budget_is_written_by_what_it_bounds() -> None:
    results = with_norm(synthetic.results(attacks=("fgsm",), bits=(16,), epsilons=(1.0, 2.0)), "l2")
    said = [[entry.value for entry in line.entries] for line in whole.cells(results).lines]
    assert [line[3] for line in said] == ["L2 1", "L2 2"], said


def test_two_data_sets_of_one_name_have_a_column_each() -> None:
    first = synthetic.results(attacks=("fgsm",), bits=(16, 32))
    both = Results(first.runs, [*first.cells, *on_other_data(first, 0.25).cells])
    table = whole.by_bits(both)
    headings = [(column.group, column.heading) for column in table.columns]
    assert len(set(headings)) == len(headings) == 5
    (values,) = [row for row in csv.DictReader(io.StringIO(text.to_csv([table]))) if row["method"] == "fgsm"]
    numbers = [float(value) for name, value in values.items() if name != "method" and not name.endswith(("low", "high", "paper"))]
    assert len(numbers) == 4 and sorted(round(numbers[i] - numbers[j], 6) for i, j in ((1, 0), (3, 2))) == [0.25, 0.25], values


def test_spreads_of_two_data_sets_of_one_name_both_stand() -> None:
    first = synthetic.results(attacks=("fgsm",), bits=(16,), seeds=(0, 1))
    both = Results(first.runs, [*first.cells, *on_other_data(first, 0.25).cells])
    means = [line.entries[5].value for line in whole.seeds(both).lines if line.entries[2].value == "t-MAP"]
    assert len(means) == 2 and abs(abs(means[0] - means[1]) - 0.25) < 1e-9
