"""A database that does not fit in memory, ranked shard by shard: `python benchmarks/speed/streaming.py`.

Prints the process's memory as the rows pass; it does not grow with them.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import click
import numpy as np

from hashbench.retrieval import HammingRanking


def resident() -> float:
    """MB of this process in memory now (Linux)."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    return next(int(line.split()[1]) / 1e3 for line in status.splitlines() if line.startswith("VmRSS"))


def main() -> None:
    """Stream random shards through one ranking."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--queries", type=int, default=100)
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--shard", type=int, default=500_000)
    parser.add_argument("--bits", type=int, default=32)
    parser.add_argument("--classes", type=int, default=21)
    asked = parser.parse_args()
    rng = np.random.default_rng(0)

    def draw(rows: int) -> tuple[np.ndarray, np.ndarray]:
        codes = rng.integers(0, 2, (rows, asked.bits), dtype=np.int8)
        return codes, rng.integers(0, 12, (rows, asked.classes), dtype=np.uint8) == 0

    ranking = HammingRanking(*draw(asked.queries))
    start = time.perf_counter()
    for done in range(asked.shard, asked.rows + 1, asked.shard):
        ranking.update(*draw(asked.shard))
        if done % (4 * asked.shard) == 0 or done == asked.shard:
            click.echo(f"{done:>12,} rows: {resident():.0f} MB, {done / (time.perf_counter() - start):,.0f} rows/s")
    click.echo(f"MAP {ranking.compute().ap.mean():.4f}, floor {ranking.floor().mean():.4f}")


if __name__ == "__main__":
    main()
