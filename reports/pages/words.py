"""The summary: what the numbers say, in sentences made from them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from hashbench.api import Results, Setting

from ..numbers.ranking import Ranked, leaders, ranking
from ..tables.columns import column_of
from ..tables.model import Entry, measured
from ..tables.names import label, labels

ONE_BY_ONE = 6
"""Settings that get a sentence each; more are counted."""


def summary(results: Results) -> list[str]:
    """Who is ahead and by how much, how far that is of the way, what it rests on, and what is missing."""
    settings = [setting for setting in results.white_box if setting.done]
    ranked = {id(setting): ranking(setting) for setting in settings}
    found = [*_counted(settings, ranked)] if len(settings) > 1 else []
    if len(settings) <= ONE_BY_ONE:
        where = labels(settings, ("dataset", "hasher", "bits"))
        found += [_setting(setting, ranked[id(setting)], text) for setting, text in zip(settings, where, strict=True)]
    return [*found, *_missing(results), *_flagged(results)]


def _setting(setting: Setting, ranked: Sequence[Ranked], where: str) -> str:
    if not ranked:
        return f"{where}: no attack has a t-MAP."
    first = ranked[0].cell
    t_map = _with_interval(measured(first, "t_map"))
    moved = setting.difference(first, first, "t_map", "t_map_clean")
    if moved is not None and moved[1] <= 0:
        text = f"{where}: no attack is told apart from the unattacked query; the largest t-MAP is {t_map}, of {first.label}"
    elif len(ranked) == 1:
        text = f"{where}: {first.label} has t-MAP {t_map}"
    else:
        text = f"{where}: {first.label} has the largest t-MAP, {t_map}{_ahead(ranked)}"
    share = measured(first, "t_map_share")
    if isinstance(share.value, int | float) and share.low is not None and share.low > 0:
        text += f". That is {100 * share.value:.0f} % of the way from a random ranking to the best code that is known"
    floor, clean = (first.value(metric) for metric in ("t_map_floor", "t_map_clean"))
    if floor is not None and clean is not None:
        text += f"; a random ranking has {floor:.3f}, the unattacked query {clean:.3f}"
    if any(flag.flag == "hasher-at-chance" for cell in setting.done for flag in cell.flags):
        text += ". The hasher itself is not told apart from chance"
    return text + "."


def _ahead(ranked: Sequence[Ranked]) -> str:
    """The lead of the first over the second, in words."""
    second = ranked[1]
    if second.behind is None:
        return ""
    gap = _with_interval(Entry(*second.behind, signed=True))
    if second.rank != 1:
        return f", ahead of {second.cell.label} by {gap}"
    tied = [one.cell.label for one in leaders(ranked)[1:]]
    return f", not told apart from {_listed(tied)} (difference from {second.cell.label} {gap})"


def _counted(settings: Sequence[Setting], ranked: dict[int, list[Ranked]]) -> Iterator[str]:
    """How often each attack is first, over the settings that have several attacks."""
    contests = [contest for setting in settings if len(contest := ranked[id(setting)]) > 1 and leaders(contest)]
    if not contests:
        return
    first = Counter(one.cell.label for contest in contests for one in leaders(contest))
    alone = Counter(leaders(contest)[0].cell.label for contest in contests if len(leaders(contest)) == 1)
    parts = [
        f"{attack} in {count}" + (f" ({alone[attack]} alone)" if alone[attack] != count else "")
        for attack, count in first.most_common()
    ]
    yield f"First by t-MAP, over {len(contests)} settings of hasher, data, protocol and budget: {_listed(parts)}."
    weakest = min(contests, key=lambda contest: contest[0].cell.value("t_map") or 0.0)[0].cell
    strongest = max(contests, key=lambda contest: contest[0].cell.value("t_map") or 0.0)[0].cell
    if len(contests) > ONE_BY_ONE:
        for which, cell in (("largest", strongest), ("smallest", weakest)):
            where = label(cell.names)
            yield f"The {which} t-MAP of a first is {_with_interval(measured(cell, 't_map'))}, of {cell.label} ({where})."


def _missing(results: Results) -> Iterator[str]:
    missing = Counter(cell.status for cell in results.cells if cell.status != "ok")
    for status, count in missing.items():
        yield f"{count} of {len(results.cells)} cells {'has' if count == 1 else 'have'} no number ({status}): see below why."


def _flagged(results: Results) -> Iterator[str]:
    flagged = [cell for cell in results.cells if cell.flags]
    if flagged:
        names = Counter(flag.flag for cell in flagged for flag in cell.flags)
        kinds = _listed([f"{name} ({count})" for name, count in names.most_common()])
        verb = "is" if len(flagged) == 1 else "are"
        yield f"{len(flagged)} of {len(results.cells)} cells {verb} flagged for a second look: {kinds}."


def _with_interval(entry: Entry) -> str:
    column = column_of("t_map")
    ends = entry.interval(column).replace("–", ", ").replace(" to ", ", ")
    return f"{entry.text(column)} [{ends}]" if ends else entry.text(column)


def _listed(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
