"""How visible the attack is, as the attack returned the images and as they are scored."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hashbench.api import Benchmark, Measurement, Products, Row


@dataclass(frozen=True)
class Perceptibility(Benchmark):
    """RMS (the paper's), L-inf, share of changed pixels, PSNR; before and after enforcement and rounding"""

    def measure(self, products: Products) -> Measurement:
        change = products.change().reshape(len(products.clean_pixels), -1)
        log = products.log
        scored = _rows("", np.square(change).mean(1), np.abs(change).max(1), (change != 0).mean(1))
        returned = _rows("_raw", log.raw_squares, log.raw_linf, log.raw_changed)
        return Measurement(scored + returned)


def _rows(suffix: str, squares: np.ndarray, linf: np.ndarray, changed: np.ndarray) -> list[Row]:
    """RMS pooled over all values of all images; L-inf the largest over queries; PSNR in dB of the pooled RMS (infinite: None)."""
    rms = float(np.sqrt(squares.mean()))
    rows = [
        Row(f"rms{suffix}", rms, squares, root=True),
        Row(f"linf{suffix}", float(linf.max())),
        Row.mean(f"changed{suffix}", changed),
    ]
    return [*rows, Row(f"psnr{suffix}", float(-20 * np.log10(rms)))] if rms else rows
