"""The leaderboard: a static site from any number of results."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from hashbench.api import Report, Results, write_atomically

from ..pages.page import render
from .boards import Site, attack_file, boards_of, hasher_file
from .pages import attack_page, board_page, hasher_page, index_page


@dataclass(frozen=True)
class Leaderboard(Report):
    """A static site: rankings by data set and protocol version, a page for each attack and each hasher"""

    def render(self, results: Results, out: Path) -> list[Path]:
        site = Site(results, boards_of(results.white_box))
        pages = {"index.html": ("index", index_page(site))}
        pages |= {board.file: ("board", board_page(board, results)) for board in site.boards}
        pages |= {attack_file(name): ("attack", attack_page(name, placed)) for name, placed in site.attacks.items()}
        pages |= {hasher_file(placed[0].cell): ("hasher", hasher_page(placed)) for placed in site.hashers.values()}
        for name, (kind, shown) in pages.items():
            write_atomically(out / name, render(f"leaderboard/{kind}.html.j2", runs=results.runs, **shown))
        return [out / name for name in pages]
