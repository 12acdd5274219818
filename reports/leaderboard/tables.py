"""The tables of the site."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import mean

from hashbench.api import CellResult, Setting, epsilon_text

from ..numbers.away import leading_away
from ..numbers.published import published
from ..numbers.ranking import Ranked, by_rank, contest, ranking
from ..tables.columns import column_of
from ..tables.defences import SCORES
from ..tables.model import Column, Entry, Line, Table, measured
from ..tables.names import queries_of
from ..tables.setting import RANK, rank_of
from .boards import Board, Placed, attack_file, hasher_file, made_id

METRICS = ("t_map", "t_map_share", "t_map_aim", "t_map_floor", "map_attacked", "rms", "seconds_per_image", "fit_seconds")
HASHER = (
    *(Column("hasher", None), Column("backbone", None), Column("bits", 0), Column("seed", 0), Column("queries", 0)),
    Column("budget", None),
)


def board(one: Board) -> Table:
    """Every attack on every hasher, by rank in its setting."""
    behind = Column("behind the first", help="paired difference of t-MAP from the largest of the setting")
    columns = [
        Column("attack", None),
        RANK,
        column_of("t_map"),
        behind,
        *HASHER,
        *map(column_of, METRICS[1:]),
        Column("made", None),
    ]
    lines = []
    for setting in one.settings:
        for cell, place in by_rank(setting):
            attack = Entry(cell.label, href=attack_file(cell.at.attack))
            t_map, *others = _numbers(cell)
            made = made_link(cell)
            lines.append(Line((attack, rank_of(cell, place), t_map, _behind(place), *_hasher(cell), *others, made), cell=cell))
    notes = [
        "Ranks hold within a setting: one hasher, code length, seed, budget, and draw of queries.",
        "A rank is 1 + the number of attacks that are ahead by a paired difference whose 95 % interval excludes 0: attacks "
        "that are not told apart share one, unless a third is ahead of one of them only.",
        "Intervals are over the queries of one seed, and are not adjusted for the number of pairs.",
    ]
    return Table("Ranking", one.title, columns, lines, notes=notes)


def made_link(cell: CellResult) -> Entry:
    """To how a cell was made, on its attack's page."""
    if cell.made is None:
        return Entry("")
    return Entry(
        "how",
        href=f"{attack_file(cell.at.attack)}#{made_id(cell)}",
        unseen=f"{cell.label} on {cell.at.target.label}, seed {cell.at.seed}, was made",
    )


AWAY = ("map_attacked", "map_clean", "map_floor")
PARTS = {
    "robustness_untargeted": ("map_clean", "map_attacked", "map_floor"),
    "robustness_targeted": ("t_map_oracle", "t_map", "t_map_floor"),
}


def robustness(one: Board) -> Table | None:
    """Hashers by what an ensemble of attacks leaves of them; None where none was run."""
    columns = [*HASHER, Column("by", None)]
    columns += [column for score in SCORES for column in (column_of(score), *map(column_of, PARTS[score]))]
    lines: dict[tuple[int, str, str], dict[str, CellResult]] = {}
    for place, setting in enumerate(one.settings):
        for cell in setting.done:
            for score in SCORES:
                if cell.row(score) is not None:
                    key = (place, cell.at.attack.partition("[")[0], str(cell.option("version")))
                    lines.setdefault(key, {})[score] = cell
    if not lines:
        return None
    found = []
    for (_, attack, version), cells in lines.items():
        first = next(iter(cells.values()))
        numbers = [
            measured(cells[score], metric) if score in cells else Entry(why="not run")
            for score in SCORES
            for metric in (score, *PARTS[score])
        ]
        found.append((_least(cells), Line((*_hasher(first), Entry(f"{attack} {version}"), *numbers), cell=first)))
    notes = ["By the smaller of the two scores, the largest first. Budgets and versions of the ensemble are apart."]
    lines_ = [line for _, line in sorted(found, key=lambda pair: -pair[0])]
    return Table("Hashers by robustness", one.title, columns, lines_, labels=len(HASHER), notes=notes)


def _least(cells: Mapping[str, CellResult]) -> float:
    return min((value for score, cell in cells.items() if (value := cell.value(score)) is not None), default=-1.0)


def over_settings(one: Board) -> Table | None:
    """How attacks with targets do over the settings of a board that have several; None where fewer than two settings do."""
    contests = [ranked for setting in one.settings if (ranked := contest(setting))]
    columns = [
        Column("attack", None),
        Column("settings", 0, help="in which it has a number beside another attack's; each seed and draw of queries is one"),
        Column("first", 0, help="settings in which none is ahead of it"),
        Column(
            "ahead of it", 0, 100.0, " %", help="the share of the other attacks of a setting that are ahead, the mean over settings"
        ),
        Column("mean t-MAP", 3, help="over its settings, which need not be those of another attack"),
        Column("mean share of the way", 0, 100.0, " %"),
    ]
    places: dict[str, list[tuple[Ranked, int]]] = {}
    for ranked in contests:
        for place in ranked:
            places.setdefault(place.cell.label, []).append((place, len(ranked) - 1))
    lines = []
    for label, found in places.items():
        share = _mean([None if place.rank is None else (place.rank - 1) / others for place, others in found])
        numbers = (
            *(Entry(len(found)), Entry(sum(place.rank == 1 for place, _ in found))),
            Entry(share, why="no values by query to compare"),
            Entry(_mean([place.cell.value("t_map") for place, _ in found])),
            Entry(_mean([place.cell.value("t_map_share") for place, _ in found]), why="it steers to no code"),
        )
        href = attack_file(found[0][0].cell.at.attack)
        lines.append((1.0 if share is None else share, Line((Entry(label, href=href), *numbers))))
    lines.sort(key=lambda pair: pair[0])
    untargeted = any(map(leading_away, one.settings))
    notes = ["Of attacks with targets; those that lead away from the query's likes are below."] if untargeted else []
    return Table("Over all settings", one.title, columns, [line for _, line in lines], notes=notes) if len(contests) > 1 else None


def away(one: Board) -> Table | None:
    """What attacks without targets leave of each hasher; None where there is none."""
    columns = [Column("attack", None), *HASHER, *map(column_of, AWAY)]
    lines = [
        Line((Entry(cell.label, href=attack_file(cell.at.attack)), *_hasher(cell), *(measured(cell, m) for m in AWAY)), cell=cell)
        for setting in one.settings
        for cell in sorted(leading_away(setting), key=lambda cell: cell.value("map_attacked") or 0.0)
    ]
    return Table("Away from the query's likes", one.title, columns, lines) if lines else None


def of_attack(placed: Sequence[Placed]) -> Table:
    """An attack's results on every board."""
    columns = [Column("board", None), RANK, Column("of", 0), *HASHER, *map(column_of, METRICS)]
    lines = []
    for one in placed:
        ranked = ranking(one.setting)
        place = next((place for place in ranked if place.cell is one.cell), None)
        board_ = Entry(one.board.title, href=one.board.file)
        lines.append(
            Line((board_, rank_of(one.cell, place), Entry(len(ranked)), *_hasher(one.cell), *_numbers(one.cell)), cell=one.cell)
        )
    return Table("Results", "on every board", columns, lines)


def of_hasher(settings: Sequence[tuple[Board, Setting]]) -> Table:
    """The attacks on one hasher."""
    columns = [
        Column("attack", None),
        RANK,
        Column("board", None),
        Column("budget", None),
        *map(column_of, METRICS),
    ]
    lines = []
    for one, setting in settings:
        for cell, place in by_rank(setting):
            attack = Entry(cell.label, href=attack_file(cell.at.attack))
            where = (Entry(one.title, href=one.file), Entry(epsilon_text(cell.at.epsilon, cell.at.norm)))
            lines.append(Line((attack, rank_of(cell, place), *where, *_numbers(cell)), cell=cell))
    return Table("Attacks on it", "by rank", columns, lines)


def _mean(values: Sequence[float | None]) -> float | None:
    there = [value for value in values if value is not None]
    return mean(there) if there else None


def _behind(place: Ranked | None) -> Entry:
    if place is None or place.behind is None:
        return Entry("" if place else None)
    value, low, high = place.behind
    return Entry(-value, -high, -low, signed=True)


def _hasher(cell: CellResult) -> tuple[Entry, ...]:
    names = cell.names
    method = Entry(str(names["hasher"]), href=hasher_file(cell) if cell.made else "")
    return (
        method,
        *(Entry(names[name]) for name in ("backbone", "bits", "seed")),
        Entry(queries_of(cell)),
        Entry(epsilon_text(cell.at.epsilon, cell.at.norm)),
    )


def _numbers(cell: CellResult) -> list[Entry]:
    return [measured(cell, metric, published(cell, metric)) for metric in METRICS]
