"""How the time of a suite falls with workers: `python benchmarks/speed/schedule.py paper --stores DIR ...`.

The graph of the suite's stages, each as long as its like took in some stores, on 1 to 256 workers. A stage whose like was never
made takes the median of its kind there, or of the same attack; the script says how many.
"""

from __future__ import annotations

import argparse
import re
import statistics
from functools import cache
from pathlib import Path

import click

from hashbench.engine.planning.outlook import seconds_in
from hashbench.engine.planning.schedule import longest_chain, makespan
from hashbench.engine.planning.suite_plan import plan_suite
from hashbench.engine.stages.pixels import pixels_unopened
from hashbench.engine.stages.stage import Stage, place, reachable
from hashbench.suites.suite import load_suite


class Measured:
    """Median seconds by kind of stage and work, by kind and plugin, and by kind."""

    def __init__(self, roots: list[Path]) -> None:
        self.seen: dict[tuple[str, ...], list[float]] = {}
        self.guessed = 0
        for kind, work, seconds in (found for root in roots for found in seconds_in(root)):
            for key in _keys(kind, work):
                self.seen.setdefault(key, []).append(seconds)

    def of(self, stage: Stage[object]) -> float:
        """Seconds of a stage, from what is most like it."""
        exact, *others = _keys(stage.name, stage.work)
        if exact in self.seen:
            return statistics.median(self.seen[exact])
        self.guessed += 1
        for key in others:
            if key in self.seen:
                return statistics.median(self.seen[key])
        raise click.ClickException(f"no store has a {stage.name} whose seconds could be taken: run one there first.")


def _keys(kind: str, work: str) -> list[tuple[str, ...]]:
    plugin = re.match(r"\w*", work)
    return [(kind, work), (kind, "plugin", plugin[0] if plugin else ""), (kind,)]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("suite")
    parser.add_argument("--stores", nargs="+", type=Path, required=True, help="whose products say how long work takes")
    parser.add_argument("--preset", default="quick")
    parser.add_argument("--dataset", default="shapes")
    asked = parser.parse_args()
    root = asked.stores[0]
    over = {"preset": asked.preset, "dataset": (asked.dataset,)}
    plan = plan_suite(load_suite(asked.suite), over, cache(lambda source: pixels_unopened(source, root / "files")))
    wanted = [stage for cell in plan.cells for stage in cell.wanted()]
    stages = list({place(root, stage): stage for stage in reachable(wanted)}.values())
    measured = Measured(asked.stores)
    seconds = {stage: measured.of(stage) for stage in stages}
    total, chain = sum(seconds.values()), longest_chain(stages, seconds)
    click.echo(f"{len(plan.cells)} cells, {len(stages)} stages, {measured.guessed} of them as long as the median of their kind")
    click.echo(f"one after another {total:,.0f} s; the longest chain {chain:,.0f} s")
    click.echo("workers  seconds  faster  busy")
    for workers in (1, 2, 4, 8, 16, 32, 64, 128, 256):
        spent = makespan(stages, seconds, workers)
        click.echo(f"{workers:>7}  {spent:>7,.0f}  {total / spent:>5.1f}x  {total / spent / workers:>4.0%}")


if __name__ == "__main__":
    main()
