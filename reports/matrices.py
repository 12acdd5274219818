"""Transfer matrices: images made on one hasher, scored on another."""

from __future__ import annotations

from typing import Any

import numpy as np

from hashbench.api import Results

from .figures import heat_map


def matrices(results: Results) -> list[dict[str, Any]]:
    """A heat map for each dataset, protocol, seed and attack: sources down, victims across; t-MAP, and its share of the way."""
    made = []
    for key, group in results.transfer.groupby(["dataset", "protocol", "seed", "attack"], sort=False):
        sources, victims = list(dict.fromkeys(group.source)), list(dict.fromkeys(group.victim))
        values = group.pivot(index="source", columns="victim", values="t_map").reindex(index=sources, columns=victims)
        label = ", ".join(str(part) for part in (key if isinstance(key, tuple) else (key,)))
        dataset, protocol, seed, attack = key if isinstance(key, tuple) else (key, "", "", "")
        made.append(
            {
                "attack": attack,
                "names": f"{dataset}, protocol {protocol}, seed {seed}",
                "figure": heat_map(f"Transfer of {attack}: t-MAP", label, sources, victims, values.to_numpy(dtype=np.float64)),
                "rows": group.to_dict("records"),
            }
        )
    return made
