"""The content of each kind of page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hashbench.api import About, Results

from ..charts import of_results as draw
from ..pages.words import summary
from ..tables import whole
from ..tables.columns import column_of
from ..tables.model import Column, Entry, Line, Table, measured
from . import tables
from .boards import Board, Placed, Site, attack_file, hasher_file, made_id

MAPS = ("map_clean", "map_floor", "map_pixels", "map_random")


def index_page(site: Site) -> dict[str, Any]:
    """All boards, attacks and hashers."""
    boards = [
        Line((Entry(one.title, href=one.file), Entry(len(one.settings)), Entry(sum(len(s.cells) for s in one.settings))))
        for one in site.boards
    ]
    attacks = [
        Line((Entry(name, href=attack_file(name)), Entry(_about(placed, "attack")), Entry(len(placed))))
        for name, placed in site.attacks.items()
    ]
    hashers = []
    for placed in site.hashers.values():
        cell = placed[0].cell
        names = (cell.names["dataset"], cell.names["seed"])
        maps = [measured(cell, metric) for metric in MAPS]
        hashers.append(Line((Entry(cell.at.target.label, href=hasher_file(cell)), *map(Entry, names), *maps)))
    several = len({cell.at.protocol for cell in site.results.cells}) > 1
    about = "under the first protocol that scored it" if several else ""
    return {
        "tables": [
            Table("Boards", "a data set and protocol version each", [_text("board"), _count("settings"), _count("cells")], boards),
            Table("Attacks", "", [_text("attack"), _text("what it is"), _count("cells")], attacks),
            Table("Hashers", about, [_text("hasher"), _text("dataset"), _count("seed"), *map(column_of, MAPS)], hashers),
        ],
        "travelled": sum(not cell.white_box for cell in site.results.cells),
    }


def board_page(board: Board, results: Results) -> dict[str, Any]:
    """A ranking."""
    cells = [cell for setting in board.settings for cell in setting.cells]
    own = Results(results.runs, cells)
    return {
        "board": board,
        "summary": summary(own),
        "tables": [
            tables.board(board),
            *(table for make in (tables.over_settings, tables.away, tables.robustness) if (table := make(board)) is not None),
            *(table for table in (whole.seeds(own),) if table is not None),
        ],
        "charts": [*draw.bars(own), *draw.perceptibility(own), *draw.time(own)],
        "missing": [cell for cell in cells if cell.status != "ok"],
        "flags": [(cell, flag) for cell in cells for flag in cell.flags],
    }


def attack_page(name: str, placed: Sequence[Placed]) -> dict[str, Any]:
    """An attack with its card."""
    made = [one.cell.made for one in placed if one.cell.made is not None]
    chosen = [{kind: one.options[kind] for kind in ("attack", "aim") if kind in one.options} for one in made]
    return {
        "name": name,
        "plugin": next((one.cell.about() for one in placed if one.cell.made is not None), About()),
        "aims": list(dict.fromkeys(one.plugins["aim"].about for one in made if "aim" in one.plugins)),
        "options": list({str(one): one for one in chosen}.values()),
        "tables": [tables.of_attack(placed)],
        "made": [(made_id(one.cell), one.board.title, one.cell) for one in placed if one.cell.made is not None],
        "flags": [(one.cell, flag) for one in placed for flag in one.cell.flags],
    }


def hasher_page(placed: Sequence[Placed]) -> dict[str, Any]:
    """A hasher with its card."""
    cell = placed[0].cell
    options = {} if cell.made is None else cell.made.options
    settings = list({id(one.setting): (one.board, one.setting) for one in placed}.values())
    card = {
        "method": (cell.about("hasher").about, options.get("hasher")),
        "backbone": (cell.about("backbone").about, options.get("backbone")),
    }
    return {
        "name": cell.at.target.label,
        "cell": cell,
        "card": card,
        "tiles": [(column_of(metric), measured(cell, metric)) for metric in MAPS],
        "tables": [tables.of_hasher(settings)],
    }


def _about(placed: Sequence[Placed], kind: str) -> str:
    return next((about for one in placed if (about := one.cell.about(kind).about)), "")


def _text(heading: str) -> Column:
    return Column(heading, None)


def _count(heading: str) -> Column:
    return Column(heading, 0)
