"""The contract of a benchmark."""

from __future__ import annotations

import copy
import math

import numpy as np

from hashbench.contracts.benchmark import Benchmark
from hashbench.contracts.budget import Budget
from hashbench.contracts.products import AttackLog, Products
from hashbench.protocols.protocol import PROTOCOLS
from hashbench.retrieval.oracle import Oracle
from hashbench.testing.finding import Finding, Trial, try_options

_QUERIES, _ROWS, _BITS = 6, 40, 8


def small_products(protocol: str = "harmonised") -> Products:
    """Random products of a small cell: 6 queries, 40 database rows, 8 bits, 4 classes, 16 px."""
    rng = np.random.default_rng(0)
    labels = np.eye(4, dtype=np.uint8)
    pixels = rng.integers(0, 256, (_ROWS, 3, 16, 16), dtype=np.uint8)
    clean = pixels[:_QUERIES].clip(8, 247)
    eight_bit = PROTOCOLS[protocol].eight_bit
    moved = (clean + rng.integers(-8, 9, clean.shape)).astype(np.uint8)

    def codes(count: int) -> np.ndarray:
        return rng.choice(np.array([-1, 1], dtype=np.int8), (count, _BITS))

    zeros = np.zeros(_QUERIES)
    return Products(
        protocol=PROTOCOLS[protocol],
        budget=Budget(),
        query_labels=labels[np.arange(_QUERIES) % 4],
        target_labels=labels[(np.arange(_QUERIES) + 1) % 4],
        database_labels=labels[np.arange(_ROWS) % 4],
        database_codes=codes(_ROWS),
        clean_codes=codes(_QUERIES),
        attacked_codes=codes(_QUERIES),
        unrounded_codes=codes(_QUERIES),
        aim_codes=codes(_QUERIES),
        oracle=Oracle(codes(_QUERIES), zeros + 0.9, zeros > 0),
        untargeted=False,
        clean_pixels=clean,
        adversarial=moved if eight_bit else (moved / np.float32(255)).astype(np.float32),
        hash=lambda images: np.where(images.reshape(len(images), -1)[:, :_BITS] > 127, 1, -1).astype(np.int8),
        logits=lambda images: images.reshape(len(images), -1)[:, :_BITS] / (128 if images.dtype == np.uint8 else 0.5) - 1.0,
        database_pixels=lambda rows: pixels[rows],
        controls={"pixels": rng.random(_QUERIES), "random": rng.random(_QUERIES)},
        log=AttackLog(zeros + 1e-4, zeros + 0.03, zeros + 0.9, 0.01, 1.0, 1.0, 2.0, 1.0, zeros.astype(bool), 0.0),
    )


def benchmark_findings(benchmark: Benchmark) -> list[Finding]:
    """Every rule that `benchmark` breaks; empty for a sound one."""
    trial = Trial(benchmark)
    try_options(trial)
    for protocol in ("harmonised", "published"):
        products = small_products(protocol)
        before = copy.deepcopy(products.clean_codes), products.adversarial.copy()
        with trial.rule("rows", "give each metric one finite value, with (queries,) values behind it or none") as expect:
            measured = benchmark.measure(products)
            names = [row.metric for row in measured.rows]
            expect(len(names) == len(set(names)), "a metric comes twice")
            for row in measured.rows:
                expect(math.isfinite(row.value), f"{row.metric} is {row.value}")
                expect(
                    row.per_query is None or np.shape(row.per_query) == (_QUERIES,), f"{row.metric}: per_query is not (queries,)"
                )
        with trial.rule("arrays", "let arrays be NumPy arrays of numbers") as expect:
            for name, array in benchmark.measure(products).arrays.items():
                expect(isinstance(array, np.ndarray) and array.dtype != object, f"{name} is no array of numbers")
        with trial.rule("products", "copy before changing: other benchmarks get the same products") as expect:
            same = np.array_equal(before[0], products.clean_codes) and np.array_equal(before[1], products.adversarial)
            expect(same, "it changes the products")
        if benchmark.repeatable:
            with trial.rule("repeatable", "make it the same every time, or set repeatable = False") as expect:
                values = [[row.value for row in benchmark.measure(products).rows] for _ in range(2)]
                expect(values[0] == values[1], "two measurements of the same products differ")
    return list(dict.fromkeys(trial.findings))
