"""Names of settings in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from hashbench.api import CellResult, Name, Setting, epsilon_text

NAMES = ("dataset", "hasher", "backbone", "bits", "protocol", "seed", "epsilon", "norm")


ORDER = ("dataset", "hasher", "backbone", "protocol", "seed", "norm", "epsilon")


def shown(name: str, value: Name, norm: str = "linf") -> str:
    """A name's value as it is written: bits and seeds say what they are."""
    if name == "epsilon":
        return f"ε {epsilon_text(float(value), norm)}"
    if name == "norm":
        return {"linf": "L∞", "l2": "L2"}[str(value)]
    return f"{value} bits" if name == "bits" else f"seed {value}" if name == "seed" else str(value)


def varying(all_names: Sequence[Mapping[str, Name]], always: Sequence[str] = ()) -> list[str]:
    """The names whose values differ between settings, and those that are always shown; of those that all of them have."""
    known = [name for name in NAMES if all(name in names for names in all_names)]
    return [name for name in known if name in always or len({str(names[name]) for names in all_names}) > 1]


def label(names: Mapping[str, Name], which: Sequence[str] = NAMES) -> str:
    """A setting in a line."""
    norm = str(names.get("norm", "linf"))
    return ", ".join(shown(name, names[name], norm) for name in which)


def labels(settings: Sequence[Setting], always: Sequence[str] = ("bits",)) -> list[str]:
    """A short name for each setting, by what tells it apart from the others; where names do not, by queries or numbered."""
    which = varying([setting.names for setting in settings], always)
    return told_apart([label(setting.names, which) for setting in settings], settings)


def told_apart(texts: Sequence[str], settings: Sequence[Setting]) -> list[str]:
    """Those that are said of several settings with the number of queries behind; numbered where that is the same, too."""
    counts = [queries_of(setting.done[0]) if setting.done else 0 for setting in settings]
    texts = [f"{text}, {count} queries" if texts.count(text) > 1 else text for text, count in zip(texts, counts, strict=True)]
    return [f"{text} ({texts[: i + 1].count(text)})" if texts.count(text) > 1 else text for i, text in enumerate(texts)]


def queries_of(cell: CellResult) -> int:
    """How many queries were drawn for a cell; 0 where that is not known."""
    return 0 if cell.made is None else cell.made.targets.queries


def in_order(settings: Sequence[Setting]) -> list[Setting]:
    """Code lengths beside each other, whatever order they were run in."""
    return sorted(settings, key=lambda setting: (*(str(setting.names[name]) for name in ORDER), setting.names["bits"]))
