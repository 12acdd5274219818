"""How fast the exact AP of the first N follows from counts: `python benchmarks/speed/cutoff.py`.

One process, one thread, CPU seconds, interleaved. The baseline takes a query after the other and asks SciPy for the chances of
each number of hits among the ties that straddle N, for the expected AP alone: what is measured against it gives the worst and the
best too. Counts are drawn, a binomial share of them relevant.
"""

from __future__ import annotations

import argparse

from measuring import medians  # isort: skip - sets the thread count, which the others read
import click
import numpy as np
from scipy.stats import hypergeom

from hashbench.retrieval.average_precision import expected_of, expected_share
from hashbench.retrieval.cutoff import ap_at


def loop(items: np.ndarray, relevant: np.ndarray, top: int) -> np.ndarray:
    """(Q,) expected AP, query by query."""
    return np.array([_of_query(n, r, top) for n, r in zip(items, relevant, strict=True)])


def _of_query(n: np.ndarray, r: np.ndarray, top: int) -> float:
    straddling = int(np.searchsorted(np.cumsum(n), top))
    before, found = int(n[:straddling].sum()), int(r[:straddling].sum())
    total = expected_share(n[None, :straddling], r[None, :straddling]).sum()
    if straddling == len(n):
        return float(total / max(found, 1))
    tied, tied_relevant, drawn = int(n[straddling]), int(r[straddling]), top - before
    hits = np.arange(max(0, drawn - (tied - tied_relevant)), min(tied_relevant, drawn) + 1)
    sums = total + expected_of(np.array(drawn), hits, np.array(before), np.array(found))
    return float(hypergeom.pmf(hits, tied, tied_relevant, drawn) @ (sums / np.maximum(found + hits, 1)))


def compare(database: int, top: int, queries: int, rounds: int) -> str:
    """The ratio in a line."""
    rng = np.random.default_rng(0)
    items = rng.multinomial(database, rng.dirichlet(np.ones(33), queries))
    relevant = rng.binomial(items, rng.random(items.shape) / 2)
    works = {"loop": lambda: loop(items, relevant, top), "together": lambda: ap_at(items, relevant, top)[0]}
    apart = np.abs(works["loop"]() - works["together"]()).max()
    seconds = medians(works, rounds)
    ratio = seconds["loop"] / seconds["together"]
    return f"{database:,} items, first {top:,}: {ratio:.0f}x ({seconds['together']:.3f} s), apart by at most {apart:.0e}"


def main() -> None:
    """Print a ratio for each size."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--queries", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    for database, top in ((1_000, 100), (50_000, 5_000), (193_734, 5_000)):
        click.echo(compare(database, top, asked.queries, asked.rounds))


if __name__ == "__main__":
    main()
