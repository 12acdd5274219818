"""The results as a table on the terminal."""

from __future__ import annotations

from rich.markup import escape
from rich.table import Table

from hashbench.contracts.budget import epsilon_text
from hashbench.results.cell import CellResult
from hashbench.results.results import Results

COLUMNS = {
    "MAP clean": ("map_clean", 3),
    "MAP attacked": ("map_attacked", 3),
    "t-MAP floor": ("t_map_floor", 3),
    "t-MAP clean": ("t_map_clean", 3),
    "t-MAP": ("t_map", 3),
    "aim code": ("t_map_aim", 3),
    "way to oracle": ("t_map_share", 2),
    "RMS": ("rms", 4),
    "L-inf x255": ("linf", 2),
}


def results_table(results: Results) -> Table:
    """One line a cell; what all cells have in common stands in the title."""
    cells = [cell for cell in results.cells if cell.white_box]
    named = ("dataset", "hasher", "backbone", "bits", "protocol", "seed", "epsilon")
    varying = [name for name in named if len({str(cell.names[name]) for cell in cells}) > 1]
    common = ", ".join(f"{name} {_name(cells[0], name)}" for name in named if name not in varying)
    table = Table(title=common, title_justify="left", title_style="bold")
    for name in (*varying, "attack"):
        table.add_column(name, overflow="fold")
    for heading in (*COLUMNS, "s/image"):
        table.add_column(heading, justify="right")
    for cell in cells:
        names = [escape(_name(cell, name)) for name in (*varying, "attack")]
        if cell.status != "ok":
            table.add_row(*names, cell.status)
            continue
        table.add_row(*names, *(_number(cell, *column) for column in COLUMNS.values()), _seconds(cell))
    flagged = sum(bool(cell.flags) for cell in cells)
    travelled = len(results.cells) - len(cells)
    if travelled:
        table.title = f"{common}; {travelled} transfer cells are in transfer.csv and the report"
    if flagged:
        kinds = ", ".join(dict.fromkeys(flag.flag for cell in cells for flag in cell.flags))
        table.caption = (
            f"{flagged} of {len(cells)} cells flagged for a second look ({kinds}): the report says why, and cells/*.json"
        )
    return table


def _name(cell: CellResult, name: str) -> str:
    return epsilon_text(cell.at.epsilon, cell.at.norm) if name == "epsilon" else str(cell.names[name])


def _number(cell: CellResult, metric: str, digits: int) -> str:
    value = cell.value(metric)
    if value is None:
        return "-"
    return f"{value * 255:.{digits}f}" if metric == "linf" else f"{value:.{digits}f}"


def _seconds(cell: CellResult) -> str:
    seconds = cell.value("seconds_per_image")
    return "-" if seconds is None else f"{seconds:.4f}"
