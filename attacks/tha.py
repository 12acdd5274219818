"""THA: sign steps towards a code learned for the label (Wang et al., SIGIR 2021)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from hashbench.api import option

from .ifgsm import IFGSM


@dataclass(frozen=True)
class THA(IFGSM):
    """Targeted hashing attack: sign steps of 1/255 towards a code that a network learned for the label (SIGIR 2021)"""

    paper: ClassVar[str] = "https://doi.org/10.1145/3404835.3462861"
    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "quick": {"steps": 50},
        "published": {**IFGSM.presets["published"], "aim": "tha[preset=published]"},
    }
    aim: str = option("tha", "the code to steer to: own, centre, mainstay, dhta, prototype, or another aim with its options")
