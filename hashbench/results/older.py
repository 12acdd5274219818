"""Cell files of earlier schemas, brought to the present one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TypeAlias

from hashbench.plugins.configure import fraction
from hashbench.results.cell import SCHEMA
from hashbench.typing import Facts, JsonValue

Hashers: TypeAlias = Mapping[str, Facts]
"""The hashers of a run by their labels."""


def brought_up(content: Facts, hashers: Hashers, config: Mapping[str, JsonValue]) -> Facts:
    """A cell of schema 1 to 4 as one of the present schema; one of the present schema as it is. Raises KeyError or TypeError.

    `config`: what the run was asked for, whose epsilon stands for that of a cell without a number in schemas 1 and 2.
    """
    if content.get("schema", 1) == SCHEMA:
        return content
    if content.get("schema") == 4:
        return {**content, "rows": _renamed(content["rows"])}
    names, made = _facts(content["cell"]), _facts(content["made"])
    epsilon = names["epsilon"] if "epsilon" in names else _budget(made, config)
    own = hasher_of(names)
    target = hashers.get(str(names["victim"])) or _parsed(str(names["victim"]))
    kept = {name: names[name] for name in ("dataset", "attack", "protocol", "seed")}
    at: Facts = {**kept, "source": own, "target": target, "epsilon": epsilon}
    return {
        **{name: content[name] for name in ("status", "reason", "flags")},
        "rows": _renamed(content["rows"]),
        "at": at,
        "made": made or None,
    }


def _renamed(rows: JsonValue) -> JsonValue:
    """Rows whose share of the way was to the best aim code of the table."""
    names = {"t_map_share": "t_map_share_best_aim"}
    found = rows if isinstance(rows, list) else []
    return [row | {"metric": names.get(str(row["metric"]), row["metric"])} if isinstance(row, dict) else row for row in found]


def hashers_of(contents: list[Facts]) -> Hashers:
    """The hashers that attacked cells name, by label."""
    found = [hasher_of(_facts(content["cell"])) for content in contents if isinstance(content.get("cell"), dict)]
    return {f"{one['hasher']}-{one['backbone']}-{one['bits']}": one for one in found}


def hasher_of(names: Facts) -> Facts:
    """The names that are of the hasher."""
    return {name: names[name] for name in ("hasher", "backbone", "bits")}


def _parsed(label: str) -> Facts:
    """A hasher from its label alone, where no cell of the run was attacked on it."""
    parts = re.findall(r"(?:\[[^\]]*\]|[^-\[])+", label)
    return {"hasher": parts[0], "backbone": "-".join(parts[1:-1]), "bits": int(parts[-1])}


def _budget(made: Facts, config: Mapping[str, JsonValue]) -> float:
    budget = made.get("budget")
    if isinstance(budget, dict):
        return float(str(budget["epsilon"]))
    return fraction(str(config.get("epsilon", "8/255")), "epsilon")


def _facts(value: JsonValue) -> Facts:
    if not isinstance(value, dict):
        raise TypeError("an object")
    return value
