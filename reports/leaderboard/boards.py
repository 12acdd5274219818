"""Boards: settings that are ranked together; the site with its attacks and hashers."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from hashbench.api import CellResult, Provenance, Results, Setting


@dataclass(frozen=True)
class Board:
    """Settings whose results are ranked on one page: one data set and one version of one protocol."""

    settings: Sequence[Setting]
    twin: bool = False
    """Whether another board has its names: other data or values of the protocol behind them."""

    @cached_property
    def made(self) -> Provenance | None:
        """How its first cell was made; None where none has a number."""
        return next((cell.made for setting in self.settings for cell in setting.done), None)

    @property
    def protocol(self) -> Mapping[str, object]:
        """The protocol's values."""
        return {} if self.made is None else self.made.protocol

    @property
    def title(self) -> str:
        names = self.settings[0].names
        version = f" version {self.protocol['version']}" if self.protocol else ""
        apart = f", data {self.made.data.content[:8]}" if self.twin and self.made is not None else ""
        checked = self.settings[0].cells[0].checked
        return f"{names['dataset']}, protocol {names['protocol']}{version}{apart}{', ' + checked if checked else ''}"

    @property
    def file(self) -> str:
        return file_name("board", self.title, *_rules(self.settings[0]))


@dataclass(frozen=True)
class Placed:
    """A cell with where it is ranked."""

    board: Board
    setting: Setting
    cell: CellResult


@dataclass(frozen=True)
class Site:
    """Everything the pages are of."""

    results: Results
    boards: Sequence[Board]

    @cached_property
    def placed(self) -> list[Placed]:
        """Every ranked cell."""
        return [Placed(board, setting, cell) for board in self.boards for setting in board.settings for cell in setting.cells]

    @cached_property
    def attacks(self) -> dict[str, list[Placed]]:
        """Cells by attack."""
        found: dict[str, list[Placed]] = {}
        for one in self.placed:
            found.setdefault(one.cell.at.attack, []).append(one)
        return dict(sorted(found.items()))

    @cached_property
    def hashers(self) -> dict[str, list[Placed]]:
        """Cells by the hasher's key in the store; those without a number have none."""
        found: dict[str, list[Placed]] = {}
        for one in self.placed:
            if one.cell.made:
                found.setdefault(one.cell.made.keys.hasher, []).append(one)
        return found


def boards_of(settings: Iterable[Setting]) -> list[Board]:
    """Settings by data set, its content, and all values of the protocol, so that no two versions meet.

    A setting without any number stands with the first of its names.
    """
    found: dict[tuple[str, ...], list[Setting]] = {}
    named: dict[tuple[str, ...], list[Setting]] = {}
    for setting in sorted(settings, key=lambda setting: not setting.done):
        rules = _rules(setting)
        group = found.get(rules) if setting.done else named.get(rules[:2])
        if group is None:
            group = found[rules] = []
            named.setdefault(rules[:2], group)
        group.append(setting)
    titles = [Board(group).title for group in found.values()]
    return [Board(group, titles.count(title) > 1) for group, title in zip(found.values(), titles, strict=True)]


def _rules(setting: Setting) -> tuple[str, ...]:
    made = setting.done[0].made if setting.done else None
    names = (str(setting.names["dataset"]), str(setting.names["protocol"]))
    if made is None:
        return names
    return (*names, made.data.content, json.dumps(made.protocol, sort_keys=True), setting.cells[0].checked)


def attack_file(name: str) -> str:
    """The page of an attack."""
    return file_name("attack", name)


def made_id(cell: CellResult) -> str:
    """Where an attack's page says how a cell was made; cells of one name on other data are apart."""
    keys = "" if cell.made is None else f"{cell.made.keys.images} {cell.made.keys.hasher}"
    return f"{cell.slug}-{hashlib.sha256(keys.encode()).hexdigest()[:8]}"


def hasher_file(cell: CellResult) -> str:
    """The page of the hasher a cell is scored on."""
    return file_name("hasher", cell.at.target.label, "" if cell.made is None else cell.made.keys.hasher)


def file_name(kind: str, title: str, *apart: str) -> str:
    """Readable, unique by a hash of all that tells it apart, and the same whenever the site is built."""
    digest = hashlib.sha256(json.dumps([kind, title, *apart]).encode()).hexdigest()[:6]
    return f"{kind}-{re.sub(r'[^A-Za-z0-9]+', '-', title).strip('-')[:60]}-{digest}.html"
