"""The summary: what the numbers say, in sentences made from them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from hashbench.api import CellResult, Results, Setting, epsilon_text

from ..numbers.away import leading_away, strongest
from ..numbers.ranking import Ranked, contest, leaders, steering
from ..tables.columns import with_interval
from ..tables.defences import in_words
from ..tables.model import Entry, measured
from ..tables.names import label, labels

ONE_BY_ONE = 6
"""Settings that get a sentence each; more are counted."""


@dataclass(frozen=True)
class Sentence:
    """What is said, and the part of the page where its numbers stand."""

    text: str
    part: str = "cells"
    one_by_one: Sequence[str] = ()
    """What it sums up, shown on request."""


def summary(results: Results) -> list[Sentence]:
    """How far the best attack gets, who is ahead by how much, what it rests on, and what is missing."""
    settings = [(setting, part) for part, setting in enumerate(results.white_box, 1) if setting.done]
    found = [Sentence(text) for text in _counted([setting for setting, _ in settings])] if len(settings) > 1 else []
    if len(settings) <= ONE_BY_ONE:
        where = labels([setting for setting, _ in settings], ("dataset", "hasher", "bits"))
        for (setting, part), name in zip(settings, where, strict=True):
            ranked = steering(setting)
            said = [_setting(setting, ranked, name), *(_circumstances(setting, ranked) if len(settings) == 1 else ())]
            found += [Sentence(text, f"s{part}") for text in said]
    found += _claims(in_words(results))
    found += [Sentence(text, "missing") for text in _missing(results)]
    return [*found, *(Sentence(text) for text in _flagged(results))]


def _setting(setting: Setting, ranked: Sequence[Ranked], where: str) -> str:
    away = leading_away(setting)
    parts = [_steered(setting, ranked)] if len(away) < len(setting.done) or not away else []
    if away:
        least = strongest(away)
        clean, left = (with_interval(measured(least, metric)) for metric in ("map_clean", "map_attacked"))
        parts.append(f"{least.label} leads queries away from their likes: MAP falls from {clean} to {left}")
    if any(flag.flag == "hasher-at-chance" for cell in setting.done for flag in cell.flags):
        parts.append("The hasher itself is not told apart from chance")
    return f"{where}: {'. '.join(parts)}."


def _steered(setting: Setting, ranked: Sequence[Ranked]) -> str:
    """How far queries are steered to their targets."""
    if not ranked:
        return "no attack has a t-MAP"
    first = ranked[0].cell
    t_map, ahead = with_interval(measured(first, "t_map")), _ahead(ranked) if len(ranked) > 1 else ""
    moved = [setting.difference(one.cell, one.cell, "t_map", "t_map_clean") for one in ranked]
    ends = {
        "t_map_clean": "unattacked queries have",
        "t_map_floor": "a random ranking has",
        "t_map_oracle": "the best code that is known",
    }
    beside = ", ".join(f"{name} {value:.3f}" for metric, name in ends.items() if (value := first.value(metric)) is not None)
    if all(gap is not None and gap[1] <= 0 for gap in moved):
        found = f"no attack is told apart from the unattacked query; the largest t-MAP is {t_map}, of {first.label}"
        return f"{found} ({beside})" if beside else found
    found = f"{first.label} brings t-MAP, how well images of the target are found, to {t_map}{ahead}"
    found += f"; {beside}" if beside else ""
    return f"{found}. That is {way}" if (way := _way(first)) else found


def _way(cell: CellResult) -> str:
    """How much of the way it gets to the code it steers to, and to the best there is; empty where an interval is not above 0."""
    ends = {"t_map_share_own_aim": "the code it steers to", "t_map_share": "the best code"}
    shares = {end: measured(cell, metric) for metric, end in ends.items()}
    gone = [
        f"{100 * share.value:.0f} % of the way to {end}"
        for end, share in shares.items()
        if isinstance(share.value, int | float) and share.low is not None and share.low > 0
    ]
    return ", and ".join(gone).replace("way to", "way from a random ranking to", 1)


def _ahead(ranked: Sequence[Ranked]) -> str:
    """The lead of the first over the second, in words, and all that it is not told apart from."""
    second = ranked[1]
    if second.behind is None:
        return ""
    gap = with_interval(Entry(*second.behind, signed=True))
    tied = [one.cell.label for one in ranked[1:] if one.behind is not None and one.behind[1] <= 0 and one.rank in (1, None)]
    if second.behind[1] > 0:
        return f", ahead of {second.cell.label} by {gap}" + (f", not told apart from {_listed(tied)}" if tied else "")
    return f", not told apart from {_listed(tied or [second.cell.label])} (difference from {second.cell.label} {gap})"


def _circumstances(setting: Setting, ranked: Sequence[Ranked]) -> Iterator[str]:
    """What the only setting's numbers rest on."""
    cell = ranked[0].cell if ranked else setting.done[0]
    clean, floor = cell.value("map_clean"), cell.value("map_floor")
    if clean is not None and floor is not None:
        map_clean = with_interval(measured(cell, "map_clean"))
        yield f"Unattacked queries find their own likes with MAP {map_clean}; a random ranking with {floor:.3f}."
    linf = cell.value("linf")
    if linf is not None and ranked:
        budget = epsilon_text(cell.at.epsilon, cell.at.norm)
        yield f"{cell.label} changes no value by more than {round(255 * linf)} of 255 levels (budget {budget})."


def _counted(settings: Sequence[Setting]) -> Iterator[str]:
    """How often each attack is first, over the settings that have several attacks with targets."""
    contests = [ranked for setting in settings if leaders(ranked := contest(setting))]
    if not contests:
        return
    ahead = [leaders(ranked) for ranked in contests]
    first = Counter(one.cell.label for sharing in ahead for one in sharing)
    alone = Counter(sharing[0].cell.label for sharing in ahead if len(sharing) == 1)
    parts = [
        f"{attack} in {count}" + (f" ({alone[attack]} alone)" if alone[attack] != count else "")
        for attack, count in first.most_common()
    ]
    what = "settings (hasher, data, protocol, budget, seed, queries) of several attacks"
    yield f"First by t-MAP, over {len(contests)} {what}: {_listed(parts)}."
    firsts = sorted((ranked[0].cell for ranked in contests), key=lambda cell: cell.value("t_map") or 0.0)
    if len(contests) > ONE_BY_ONE:
        for which, cell in (("largest", firsts[-1]), ("smallest", firsts[0])):
            where = label(cell.names)
            yield f"The {which} t-MAP of a first is {with_interval(measured(cell, 't_map'))}, of {cell.label} ({where})."


def _claims(said: Sequence[str]) -> list[Sentence]:
    """What shows of defences' claims: a sentence each, or one over many."""
    if len(said) <= ONE_BY_ONE:
        return [Sentence(text) for text in said]
    return [Sentence(f"{len(said)} defended hashers: what is left of each claim", one_by_one=said)]


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


def _listed(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
