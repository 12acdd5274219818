"""`hashbench targets make|show`: target files, and what the choice of targets does to t-MAP before any attack."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from hashbench.cli.options import options, output
from hashbench.errors import UserError
from hashbench.protocols.protocol import Protocol

if TYPE_CHECKING:
    import numpy as np

    from hashbench.data.dataset import RetrievalData

_DRAW = ("dataset", "data", "split", "seed", "queries")
"""What says which queries get targets; of a dataset only the labels are read."""

_KINDS = {"vectors": "label vectors", "images": "label vectors, each as likely as it has images,"}


@click.group("targets", help="Draw a target file for runs to share, or describe one, or a protocol's pool.")
def command() -> None:
    pass


@command.command("make", help="Draw targets and write them to a file; hashbench run --targets FILE uses it.")
@options(*_DRAW, "protocol", one=True)
@output("The file to write.", required=True)
def make(dataset: str, data: str | None, split: str | None, seed: int, queries: int | None, protocol: str, out: Path) -> None:
    from hashbench.disk.files import write_atomically
    from hashbench.engine.targets.file import read_targets, target_text
    from hashbench.engine.targets.pool import draw_labels

    labels, rule, picked = _choice(dataset, data, split, seed, queries, protocol)
    if rule.targets in ("nearest", "farthest"):
        raise UserError(f"targets '{rule.targets}' are found by the images, which this file is drawn without.")
    if not out.absolute().parent.is_dir():
        raise UserError(f"{out.absolute().parent} is not a folder: give --out a file in one that exists.")
    write_atomically(out, target_text(labels, picked, draw_labels(labels, picked, rule, seed), rule, seed))
    targets = read_targets(out, labels, rule)
    click.echo(f"{out}: {len(targets.queries)} queries of {labels.name}, protocol {rule.name}, sha256 {targets.sha256}")


@command.command("show", help="Describe a target FILE, or without one what a protocol's pool gives on average.")
@click.argument("file", required=False, type=click.Path(path_type=Path))
@options(*_DRAW, one=True)
@options("protocol", bare=True, said="all built-in")
def show(
    file: Path | None,
    dataset: str,
    data: str | None,
    split: str | None,
    seed: int,
    queries: int | None,
    protocols: tuple[str, ...],
) -> None:
    from hashbench.protocols.protocol import PROTOCOLS

    if file is not None:
        _show_file(file, dataset, data, split)
        return
    for name in protocols or PROTOCOLS:
        _show_pool(*_choice(dataset, data, split, seed, queries, name))


def _choice(
    dataset: str, data: str | None, split: str | None, seed: int, queries: int | None, protocol: str
) -> tuple[RetrievalData, Protocol, np.ndarray]:
    """Labels of the dataset, how targets are drawn, and the positions of the queries."""
    from hashbench.engine.planning.choosing import choose_source
    from hashbench.engine.targets.pool import pick_queries
    from hashbench.protocols.file import protocol_of

    if queries is not None and queries < 1:
        raise UserError(f"--queries is {queries}: give at least 1, or leave it out for all.")
    if seed < 0:
        raise UserError(f"--seed is {seed}: give 0 or more.")
    source, _ = choose_source(dataset, data, split=split)
    labels = source.dataset.plugin.load(source.folder, source.image_size)
    return labels, protocol_of(protocol), pick_queries(len(labels.rows["query"]), queries, seed)


def _show_pool(labels: RetrievalData, protocol: Protocol, picked: np.ndarray) -> None:
    from hashbench.engine.targets.pool import TargetPool

    pool = TargetPool.of(labels, picked, protocol)
    expected = pool.expectations()
    fewer = "" if pool.min_images == protocol.min_images else f" (the protocol's {protocol.min_images} leave some query none)"
    click.secho(f"{labels.name}, protocol {protocol.name} version {protocol.version}", bold=True)
    click.echo(f"  pool: {len(pool.vectors)} {_KINDS.get(protocol.targets, 'classes')} of the {protocol.pool}")
    click.echo(f"  held by at least {pool.min_images} image{'s' if pool.min_images > 1 else ''}{fewer}")
    click.echo(f"  {'share no class with the query' if protocol.disjoint else 'may share classes with the query'}")
    if protocol.targets in ("nearest", "farthest"):
        click.echo(
            f"  each query's is the {protocol.targets} class, found by the images within a run; the rest here is for a uniform draw"
        )
    click.echo(f"  queries: {len(picked)}; a target shares a class with its query in {expected['overlap']:.1%} of draws")
    click.echo(f"  floor of t-MAP (a random ranking), expected over the pool: {expected['floor']:.1%}")
    click.echo(
        f"  its standard deviation over targets: {expected['floor_deviation']:.1%}; "
        f"5th and 95th percentile: {expected['floor_p5']:.1%}, {expected['floor_p95']:.1%}"
    )


def _show_file(file: Path, dataset: str, data: str | None, split: str | None) -> None:
    from pydantic import TypeAdapter, ValidationError

    from hashbench.engine.planning.choosing import choose_source
    from hashbench.engine.targets.file import load_target_file, read_targets
    from hashbench.engine.targets.pool import floors_of

    content = load_target_file(file)
    click.secho(f"{file}: targets for {content.dataset}, seed {content.seed}", bold=True)
    click.echo("  rule: " + ", ".join(f"{name} {value}" for name, value in content.rule.items()))
    overlap = content.facts.get("overlap")
    shares = f"; a target shares a class with its query for {overlap:.1%} of them" if isinstance(overlap, float | int) else ""
    click.echo(f"  queries: {len(content.queries)}{shares}")
    if data is None and dataset == "shapes" and content.dataset != "shapes":
        click.echo("  floor: give --dataset and --data to have it computed")
        return
    source, _ = choose_source(dataset, data, split=split)
    labels = source.dataset.plugin.load(source.folder, source.image_size)
    try:
        rule = TypeAdapter(Protocol).validate_python({"name": "", "version": 1, **content.rule})
    except ValidationError as error:
        raise UserError(f"{file} has a rule that no protocol has ({error.errors()[0]['msg']}): draw it anew.") from error
    targets = read_targets(file, labels, rule)
    floors = floors_of(targets.labels, labels.split_labels("database"))
    click.echo(f"  sha256: {targets.sha256}")
    click.echo(f"  floor of t-MAP (a random ranking): {floors.mean():.1%}; standard deviation over queries: {floors.std():.1%}")
