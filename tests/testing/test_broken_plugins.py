"""Every rule of the other kinds catches a plugin broken against it."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch

from hashbench.api import Aim, Benchmark, HashingMethod, Measurement, Report, RetrievalData, Row
from hashbench.data.shapes import Shapes
from hashbench.testing import (
    aim_findings,
    backbone_findings,
    benchmark_findings,
    dataset_findings,
    hasher_findings,
    report_findings,
)
from hashbench.testing.small import named


def test_a_broken_aim_is_caught() -> None:
    @dataclass(frozen=True)
    class Zeros(Aim):
        """Zeros"""

        def codes(self, victim: Any, state: Any, images: Any, goal: Any, run: Any) -> Any:
            return torch.zeros(len(images), victim.bits)

    assert {f.rule for f in aim_findings(Zeros())} == {"codes"}


def test_a_broken_hashing_method_is_caught() -> None:
    @dataclass(frozen=True)
    class NoFacts(HashingMethod):
        """NoFacts"""

        def fit(self, hasher: Any, data: Any, run: Any) -> Any:
            return {"facts": object()}

    assert {f.rule for f in hasher_findings(NoFacts())} == {"fit"}


def test_a_broken_backbone_is_caught() -> None:
    wide = named("backbones", "convnet[width=8]")

    @dataclass(frozen=True)
    class Wrong(type(wide)):  # type: ignore[misc]
        """Wrong"""

        def build(self, image_size: int) -> Any:
            trunk = super().build(image_size)
            trunk.width = 7
            return trunk

    assert "where its width says (2, 7)" in str(backbone_findings(Wrong())[0])


def test_a_broken_dataset_is_caught() -> None:
    @dataclass(frozen=True)
    class Leaky(Shapes):
        """Leaky"""

        needs_folder: ClassVar[bool] = False

        def load(self, folder: Any, image_size: int) -> RetrievalData:
            data = super().load(folder, image_size)
            return dataclasses.replace(data, rows={**data.rows, "query": data.rows["database"][:5]}, classes=("one",))

    assert {f.rule for f in dataset_findings(Leaky(train=20, database=40, queries=5))} == {"labels", "rows"}


def test_a_broken_benchmark_is_caught() -> None:
    @dataclass(frozen=True)
    class Twice(Benchmark):
        """Twice"""

        def measure(self, products: Any) -> Measurement:
            products.adversarial[:] = 0
            return Measurement([Row("x", 1.0), Row("x", float("nan"))], {"a": np.array([object()])})

    assert {f.rule for f in benchmark_findings(Twice())} == {"rows", "arrays", "products", "repeatable"}


def test_a_broken_report_is_caught() -> None:
    @dataclass(frozen=True)
    class Open(Report):
        """Open"""

        def render(self, results: Any, out: Path) -> Any:
            (out / "x.html").write_text(f'<img src="http://x"> {results.cells[0].names["attack"]}')
            return [out / "x.html"]

    assert {f.rule for f in report_findings(Open())} == {"escaping", "self-contained"}
