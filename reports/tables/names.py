"""What tells settings apart, in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from hashbench.api import Setting, epsilon_text

NAMES = ("dataset", "hasher", "backbone", "bits", "protocol", "seed", "epsilon")


def shown(name: str, value: Any) -> str:
    """A name's value as it is written: bits and seeds say what they are."""
    if name == "epsilon":
        return f"ε {epsilon_text(value)}"
    return f"{value} bits" if name == "bits" else f"seed {value}" if name == "seed" else str(value)


def varying(all_names: Sequence[Mapping[str, Any]], always: Sequence[str] = ()) -> list[str]:
    """The names whose values differ between settings, and those that are always shown; of those that all of them have."""
    known = [name for name in NAMES if all(name in names for names in all_names)]
    return [name for name in known if name in always or len({str(names[name]) for names in all_names}) > 1]


def label(names: Mapping[str, Any], which: Sequence[str] = NAMES) -> str:
    """A setting in a line."""
    return ", ".join(shown(name, names[name]) for name in which)


def labels(settings: Sequence[Setting], always: Sequence[str] = ("bits",)) -> list[str]:
    """A short name for each setting, by what tells it apart from the others; numbered where names do not."""
    which = varying([setting.names for setting in settings], always)
    texts = [label(setting.names, which) for setting in settings]
    return [f"{text} ({texts[: i + 1].count(text)})" if texts.count(text) > 1 else text for i, text in enumerate(texts)]
