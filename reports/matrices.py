"""Transfer matrices: images made on one hasher, scored on another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from hashbench.api import CellResult, Results

from .figures import heat_map
from .published import published

_GROUP = ("dataset", "protocol", "seed", "attack")


def matrices(results: Results) -> list[dict[str, Any]]:
    """A heat map for each dataset, protocol, seed and attack whose images travelled."""
    groups: dict[tuple[Any, ...], list[CellResult]] = {}
    for cell in results.cells:
        groups.setdefault(tuple(cell.names[name] for name in _GROUP), []).append(cell)
    return [matrix(str(key[3]), cells) for key, cells in groups.items() if not all(cell.white_box for cell in cells)]


def matrix(attack: str, cells: Sequence[CellResult]) -> dict[str, Any]:
    """t-MAP of one attack: sources down, victims across; cells without a number stay empty and are counted."""
    sources, victims = (list(dict.fromkeys(names)) for names in zip(*((c.source, c.names["victim"]) for c in cells), strict=True))
    values = np.full((len(sources), len(victims)), np.nan)
    for cell in cells:
        if cell.status == "ok":
            values[sources.index(cell.source), victims.index(cell.names["victim"])] = cell.value("t_map")
    ours = [cell for cell in cells if cell.status == "ok"]
    papers = [(cell.source, cell.names["victim"], cell.value("t_map"), published(cell, "t_map")) for cell in ours]
    names = cells[0].names
    where = f"{names['dataset']}, protocol {names['protocol']}, seed {names['seed']}"
    return {
        "attack": attack,
        "names": where,
        "beside": [_beside(victim, cells) for victim in victims],
        "papers": [paper for paper in papers if paper[3] is not None],
        "flags": [(cell, flag) for cell in cells for flag in cell.flags if not cell.white_box],
        "missing": sum(cell.status != "ok" for cell in cells),
        "figure": heat_map(f"Transfer of {attack}: t-MAP", where, sources, victims, values),
    }


def _beside(victim: str, cells: Sequence[CellResult]) -> dict[str, Any]:
    """What a victim's column is to be read against: the t-MAP of the clean queries and its floor."""
    cell = next((cell for cell in cells if cell.names["victim"] == victim and cell.status == "ok"), None)
    values = {metric: None if cell is None else cell.value(metric) for metric in ("t_map_clean", "t_map_floor")}
    return {"victim": victim, **values}
