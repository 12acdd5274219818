"""Answers a second of a search engine's three models at 193,734 x 32 bits, against faiss's flat binary index where it is there.

    python benchmarks/speed/searching.py

Codes are random, and given: what is timed is the search, in CPU seconds of one thread, both in turn. The model `code` has none.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from functools import partial
from importlib.util import find_spec
from time import process_time
from typing import Any

import click
import numpy as np

from hashbench.retrieval.nearest import finder
from hashbench.retrieval.packing import pack

ROWS, BITS, SHOWN = 193_734, 32, {"distances": 1000, "ids": 50}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--queries", type=int, default=64)
    given = parser.parse_args()
    rng = np.random.default_rng(0)
    database, queries = (rng.integers(0, 256, (count, BITS // 8), dtype=np.uint8) for count in (ROWS, given.queries))
    for answer, shown in SHOWN.items():
        ways = _ways(database, queries, shown)
        seconds = {name: min(_timed(way) for _ in range(given.rounds)) for name, way in ways.items()}
        rates = ", ".join(f"{name} {given.queries / each:,.0f}/s" for name, each in seconds.items())
        ratio = f"; {seconds['faiss'] / seconds['numba']:.2f}x faiss" if {"faiss", "numba"} <= seconds.keys() else ""
        click.echo(f"{answer}, the first {shown:,}: {rates}{ratio}")
    click.echo(f"code: no search; packing {given.queries / _timed(lambda: pack(np.unpackbits(queries, axis=1))):,.0f}/s")


def _ways(database: np.ndarray, queries: np.ndarray, shown: int) -> Mapping[str, Callable[[], Any]]:
    """By name, what answers all queries."""
    rows, asked = (pack(np.unpackbits(one, axis=1)) for one in (database, queries))
    names = ["numpy", *(["numba"] if find_spec("numba") else [])]
    ways: dict[str, Callable[[], Any]] = {name: partial(finder(name), asked, rows, BITS, shown) for name in names}
    if find_spec("faiss"):
        import faiss

        faiss.omp_set_num_threads(1)
        index = faiss.IndexBinaryFlat(BITS)
        index.add(database)
        distances, _ = index.search(queries, shown)
        assert (distances == ways["numpy"]()[1]).all(), "faiss finds other distances"
        ways["faiss"] = partial(index.search, queries, shown)
    for way in ways.values():
        way()
    return ways


def _timed(way: Callable[[], object]) -> float:
    start = process_time()
    way()
    return process_time() - start


if __name__ == "__main__":
    main()
