"""How fast a Hamming ranking is counted, against the usual NumPy loop: `python benchmarks/speed/ranking.py`.

One process, one thread each, CPU seconds, interleaved: baseline, NumPy, numba, baseline, ... and the median of each.
The baseline ranks a query as the field's scripts do (distances by a dot product, argsort, precision at the relevant ranks); it
is timed on a sample of the queries, and its time scaled up. Codes are clustered as hashed databases are: label vectors of one to
three classes, and a code a vector with some bits flipped.
"""

from __future__ import annotations

import argparse
import tracemalloc
from collections.abc import Callable

from measuring import medians  # isort: skip - sets the thread count, which the others read
import click
import numpy as np

from hashbench.retrieval import HammingRanking

Rows = tuple[np.ndarray, np.ndarray]


def clustered(rows: int, bits: int, classes: int, flipped: float, seed: int) -> Rows:
    """(rows, bits) int8 codes and (rows, classes) uint8 labels. `flipped`: the chance of each bit to leave its class's code."""
    rng = np.random.default_rng(seed)
    centres = np.random.default_rng(0).standard_normal((classes, bits))
    labels = np.zeros((rows, classes), dtype=np.uint8)
    popularity = 1 / np.arange(1, classes + 1)
    for _ in range(3):
        picked = rng.choice(classes, rows, p=popularity / popularity.sum())
        keep = rng.random(rows) < 0.6 if labels.any() else np.ones(rows, dtype=bool)
        labels[np.flatnonzero(keep), picked[keep]] = 1
    codes = np.where(labels @ centres > 0, 1, -1).astype(np.int8)
    flips = rng.random((rows, bits), dtype=np.float32) < flipped
    return np.where(flips, -codes, codes).astype(np.int8), labels


def loop(queries: Rows, database: Rows) -> np.ndarray:
    """The usual loop: (Q,) AP."""
    codes, labels = database[0].astype(np.float32), database[1].astype(np.float32)
    bits = codes.shape[1]
    aps = np.zeros(len(queries[0]))
    for i, (code, label) in enumerate(zip(queries[0].astype(np.float32), queries[1].astype(np.float32), strict=True)):
        relevant = (labels @ label > 0).astype(np.float32)
        order = np.argsort((bits - codes @ code) / 2)
        ranks = np.flatnonzero(relevant[order]) + 1
        if len(ranks):
            aps[i] = np.mean(np.arange(1, len(ranks) + 1) / ranks)
    return aps


def core(backend: str, queries: Rows, database: Rows) -> np.ndarray:
    """(Q,) AP by the counts."""
    ranking = HammingRanking(*queries, backend=backend)
    ranking.update(*database)
    return ranking.compute().ap


def compare(queries: Rows, database: Rows, sample: int, rounds: int) -> dict[str, float]:
    """Median CPU seconds for all queries: the loop's, NumPy's, numba's."""
    few = queries[0][:sample], queries[1][:sample]
    works: dict[str, Callable[[], np.ndarray]] = {
        "loop": lambda: loop(few, database),
        "numpy": lambda: core("numpy", queries, database),
        "numba": lambda: core("numba", queries, database),
    }
    core("numba", few, database)  # compiles
    middle = medians(works, rounds)
    middle["loop"] *= len(queries[0]) / len(few[0])
    return middle


def peak(backend: str, queries: Rows, database: Rows) -> float:
    """MB above the inputs at the peak."""
    tracemalloc.start()
    core(backend, queries, database)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return most / 1e6


def main() -> None:
    """Print the ratios with their method."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--queries", type=int, default=2100)
    parser.add_argument("--rows", type=int, default=193_734)
    parser.add_argument("--bits", type=int, default=32)
    parser.add_argument("--classes", type=int, default=21)
    parser.add_argument("--sample", type=int, default=100, help="queries the baseline is timed on")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--flipped", type=float, nargs="+", default=[0.02, 0.1, 0.5], help="0.5: random codes")
    asked = parser.parse_args()
    click.echo(f"{asked.queries} queries x {asked.rows} rows x {asked.bits} bits, {asked.classes} classes")
    for flipped in asked.flipped:
        queries = clustered(asked.queries, asked.bits, asked.classes, flipped, 1)
        database = clustered(asked.rows, asked.bits, asked.classes, flipped, 2)
        distinct = len(np.unique(np.packbits(np.concatenate([database[0] > 0, database[1] > 0], 1), axis=1), axis=0)) / asked.rows
        seconds = compare(queries, database, asked.sample, asked.rounds)
        click.echo(f"bits flipped {flipped:.0%}, {distinct:.0%} distinct rows: loop {seconds['loop']:.1f} s")
        for name in ("numpy", "numba"):
            ratio, most = seconds["loop"] / seconds[name], peak(name, queries, database)
            click.echo(f"  {name}: {seconds[name]:.3f} s, {ratio:.0f}x; {most:.0f} MB above the inputs at the peak")


if __name__ == "__main__":
    main()
