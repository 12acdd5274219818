"""Costs of the attack. Fitting stands apart; a batch ran untimed, in few steps, before the first timed; clocks await the device."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from hashbench.api import Benchmark, Measurement, Products, Row


@dataclass(frozen=True)
class Timing(Benchmark):
    """Seconds, forwards and backwards per image; seconds of fitting the attack and its aim"""

    repeatable: ClassVar[bool] = False

    def measure(self, products: Products) -> Measurement:
        log = products.log
        names = ("seconds_per_image", "forwards_per_image", "backwards_per_image", "fit_seconds", "aim_fit_seconds")
        return Measurement([Row(name, float(getattr(log, name))) for name in names])
