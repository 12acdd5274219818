"""Sample queries with their adversarial twins and what each retrieves (Figure 3), for reports to show."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hashbench.api import Benchmark, Measurement, Products, option
from hashbench.retrieval.packing import hamming, pack


def _bytes(images: np.ndarray) -> np.ndarray:
    return images if images.dtype == np.uint8 else np.rint(images * 255).astype(np.uint8)


@dataclass(frozen=True)
class Gallery(Benchmark):
    """Sample queries, their adversarial twins and the images each retrieves, for reports"""

    samples: int = option(3, "queries shown, spread evenly over the list")
    retrieved: int = option(5, "images retrieved for each")

    def measure(self, products: Products) -> Measurement:
        count = min(self.samples, len(products.query_labels))
        picked = np.linspace(0, len(products.query_labels) - 1, count).round().astype(int)
        arrays: dict[str, np.ndarray] = {
            "queries": picked,
            "clean": products.clean_pixels[picked],
            "adversarial": _bytes(products.adversarial[picked]),
            "query_labels": products.query_labels[picked],
            "target_labels": products.target_labels[picked],
        }
        database = pack(products.database_codes)
        for which, codes in (("clean", products.clean_codes), ("attacked", products.attacked_codes)):
            tops = [np.argsort(hamming(code, database), kind="stable")[: self.retrieved] for code in pack(codes[picked])]
            arrays[f"{which}/pixels"] = np.stack([products.database_pixels(top) for top in tops])
            arrays[f"{which}/labels"] = np.stack([products.database_labels[top] for top in tops])
        return Measurement([], arrays)
