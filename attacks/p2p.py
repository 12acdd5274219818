"""P2P: steer to the code of one image of the target (ECCV 2020)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from hashbench.api import option

from .dhta import DHTA


@dataclass(frozen=True)
class P2P(DHTA):
    """Point to point: DHTA's optimisation towards the code of one random image of the target (ECCV 2020)"""

    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        name: {**options, "aim": f"p2p[preset={name}]"} if "aim" in options else options for name, options in DHTA.presets.items()
    }
    aim: str = option("p2p", "the code to steer to: own, p2p, dhta, prototype, or another aim with its options")
