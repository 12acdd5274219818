"""An entry checked: its images hashed again on the named hasher, its targets drawn again, its numbers computed again."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

from hashbench.contracts.budget import Budget
from hashbench.contracts.products import AttackLog, Products
from hashbench.contracts.run import Run
from hashbench.engine.engine import Engine
from hashbench.engine.planning.choosing import choose
from hashbench.engine.publishing.entry import Entry, EntryCell, read_entry, read_images, sample
from hashbench.engine.running.scoring import with_interval
from hashbench.engine.stages.codes import CodesStage, hash_pixels
from hashbench.engine.stages.controls import ControlsStage
from hashbench.engine.stages.hasher import HasherStage
from hashbench.engine.stages.targets import TargetsStage
from hashbench.engine.targets.queries import Queries
from hashbench.errors import UserError
from hashbench.protocols.protocol import PROTOCOLS, Protocol
from hashbench.results.cell import CellResult, Measured, Provenance
from hashbench.results.reading import read_results
from hashbench.results.results import Results
from hashbench.retrieval import Bootstrap

BENCHMARKS = ("targeted", "perceptibility")
UNCHECKED = ("_raw", "t_map_aim", "t_map_share")
"""Metrics that images alone don't say: of the attack before anything was enforced, and of the code it steered to."""
_CLOSE = 1e-9

HasherOf = Callable[[Entry, str, CellResult], HasherStage]
"""The hasher of an entry by its label, on the verifier's own copy of the data."""


@dataclass(frozen=True)
class Verdict:
    """What came of one cell."""

    cell: CellResult
    images: int
    of: int
    faults: tuple[str, ...]
    """A sentence each; none where everything holds."""

    @property
    def checked(self) -> str:
        """As a leaderboard says it."""
        return "verified" if self.images == self.of else f"verified on {self.images} of {self.of} images"

    @property
    def confirmed(self) -> CellResult:
        """The cell with nothing but what was computed again."""
        rows = tuple(row for row in self.cell.rows if not row.metric.startswith(UNCHECKED[1:]) and not row.metric.endswith("_raw"))
        arrays = {name: values for name, values in self.cell.arrays.items() if not name.startswith("per_query/t_map_aim")}
        return replace(self.cell, rows=rows, timings=(), arrays=arrays, checked=self.checked)


def verify(folder: Path, engine: Engine, hasher_of: HasherOf) -> list[Verdict]:
    """A verdict a cell. Raises UserError where the folder holds no entry, or the data or a hasher is not here."""
    entry, results = read_entry(folder), read_results(folder)
    unlike = {cell.slug for cell in results.cells} ^ entry.cells.keys()
    if unlike:
        raise UserError(f"{folder}: run.json and entry.json name different cells ({sorted(unlike)[0]}).")
    return [_verdict(folder, entry, cell, engine, hasher_of) for cell in results.cells]


def confirmed(results: Results, verdicts: list[Verdict]) -> Results:
    """The cells that hold, as a run."""
    cells = [verdict.confirmed for verdict in verdicts if not verdict.faults]
    run = results.runs[0].model_copy(update={"cells": [cell.slug for cell in cells], "suites": []})
    return Results([run], cells)


def _verdict(folder: Path, entry: Entry, cell: CellResult, engine: Engine, hasher_of: HasherOf) -> Verdict:
    place, made = entry.cells[cell.slug], cell.made
    if made is None:
        return Verdict(cell, 0, 0, ("it has no number",))
    try:
        faults, images, of = _checked(folder, entry, place, cell, made, engine, hasher_of(entry, place.hasher, cell))
    except UserError as error:
        return Verdict(cell, 0, 0, (str(error),))
    return Verdict(cell, images, of, tuple(faults))


def _checked(
    folder: Path, entry: Entry, place: EntryCell, cell: CellResult, made: Provenance, engine: Engine, hasher: HasherStage
) -> tuple[list[str], int, int]:
    """Faults, and how many of how many images were looked at. Raises UserError for one after which nothing can be computed."""
    if place.hasher != cell.at.target.label:
        raise UserError(f"entry.json names the hasher {place.hasher}, the cell {cell.at.target.label}.")
    if hasher.pixels.content != made.data.content:
        raise UserError(f"it was made on other data than {hasher.pixels.source.name} here: give --data the data set it names.")
    protocol = _protocol(cell, made)
    targets = TargetsStage(hasher.pixels, protocol, Queries.of_file(folder / place.targets, cell.at.seed))
    drawn, loaded = engine.get(targets), engine.get(hasher.pixels)
    faults = _target_faults(drawn.sha256, cell, made, place, engine, targets)
    count = len(drawn.queries)
    positions = sample(count, entry.images_each, drawn.sha256)
    query, database = loaded.data.rows["query"][drawn.queries[positions]], loaded.data.rows["database"]
    clean = np.array(loaded.pixels[query])
    images = read_images(folder / place.images, positions, clean.shape[-1])
    budget = Budget(cell.at.epsilon)
    change = np.abs(images.astype(np.int16) - clean).reshape(len(clean), -1).max(1)
    if protocol.enforce_budget and (change > budget.levels).any():
        worst = int(change.argmax())
        faults.append(f"image {positions[worst]} differs by {change[worst]} levels, where {budget.text} allows {budget.levels}")
    codes = engine.get(CodesStage(hasher))
    run = Run(0, engine.machine.device, engine.machine.batch_size, engine.machine.progress)
    controls = engine.get(ControlsStage(hasher, targets.queries))
    products = Products(
        protocol=protocol,
        budget=budget,
        query_labels=loaded.data.labels[query],
        target_labels=drawn.labels[positions],
        database_labels=loaded.data.labels[database],
        database_codes=codes[database],
        clean_codes=codes[query],
        attacked_codes=hash_pixels(engine.get(hasher).hasher, images, run).numpy(),
        unrounded_codes=codes[query],
        aim_codes=None,
        clean_pixels=clean,
        adversarial=images,
        database_pixels=lambda rows: np.array(loaded.pixels[database[rows]]),
        controls={name: ap[positions] for name, ap in controls.items()},
        log=_no_log(len(positions)),
    )
    faults += _number_faults(cell, products, positions, count)
    return faults, len(positions), count


def _protocol(cell: CellResult, made: Provenance) -> Protocol:
    """The protocol that the cell was scored by. Raises UserError for values that its name does not stand for."""
    from pydantic import TypeAdapter, ValidationError

    try:
        protocol = TypeAdapter(Protocol).validate_python(made.protocol)
    except (ValidationError, ValueError) as error:
        raise UserError(f"its protocol is none that this version knows: {str(error).splitlines()[0]}") from error
    named = PROTOCOLS.get(cell.at.protocol)
    if protocol.name != cell.at.protocol or (named is not None and named != protocol):
        different = [name for name, value in asdict(named or protocol).items() if getattr(protocol, name) != value] or ["name"]
        raise UserError(f"its protocol is called {cell.at.protocol}, but has another {different[0]}")
    return protocol


def _target_faults(
    sha256: str, cell: CellResult, made: Provenance, place: EntryCell, engine: Engine, stage: TargetsStage
) -> list[str]:
    if sha256 != made.targets.sha256:
        return ["its target file is not the one that the cell names"]
    if made.targets.file:
        return []
    own = replace(stage, queries=Queries(place.queries, cell.at.seed))
    return [] if engine.get(own).sha256 == sha256 else [f"its targets are not the draw of seed {cell.at.seed}"]


def _number_faults(cell: CellResult, products: Products, positions: np.ndarray, count: int) -> list[str]:
    """Values by query against those computed again; means and intervals against the values by query."""
    faults = []
    bootstrap = Bootstrap(count, cell.at.seed)
    said = {row.metric: row for row in cell.rows}
    for name in BENCHMARKS:
        benchmark = choose("benchmarks", name, None).plugin  # type: ignore[var-annotated]
        for row in benchmark.measure(products).rows:
            stated = said.get(row.metric)
            if row.metric.endswith("_raw") or stated is None:
                continue
            if row.per_query is None:
                if len(positions) == count and not _same(stated.value, row.value):
                    faults.append(f"{row.metric} is {row.value:.6g}, where it says {_shown(stated.value)}")
                continue
            values = cell.arrays.get(f"per_query/{row.metric}")
            if values is None or len(values) != count:
                faults.append(f"{row.metric} has no value for each of its {count} queries")
                continue
            unlike = ~np.isclose(values[positions], row.per_query, rtol=_CLOSE, atol=_CLOSE, equal_nan=True)
            if unlike.any():
                first = int(np.flatnonzero(unlike)[0])
                pair = f"{row.per_query[first]:.6g}, where it says {values[positions][first]:.6g}"
                faults.append(f"image {positions[first]} gives {row.metric} {pair} ({int(unlike.sum())} of {len(unlike)} differ)")
                continue
            mean = float(np.nanmean(values))
            whole = replace(row, per_query=np.asarray(values), value=math.sqrt(mean) if row.root else mean)
            again = with_interval(whole, bootstrap)
            if not all(_same(getattr(stated, end), getattr(again, end)) for end in ("value", "low", "high")):
                faults.append(f"{row.metric} is {_interval(again)} by its values, where it says {_interval(stated)}")
    return faults


def _same(one: float | None, other: float | None) -> bool:
    if one is None or other is None:
        return one is other
    return math.isclose(one, other, rel_tol=_CLOSE, abs_tol=_CLOSE) or (math.isnan(one) and math.isnan(other))


def _shown(value: float | None) -> str:
    return "none" if value is None else f"{value:.6g}"


def _interval(row: Measured) -> str:
    return f"{_shown(row.value)} [{_shown(row.low)}, {_shown(row.high)}]"


def _no_log(count: int) -> AttackLog:
    """Nobody saw the attack at work: what is measured of it is left out."""
    nothing = np.full(count, np.nan)
    return AttackLog(nothing, nothing, nothing, math.nan, math.nan, math.nan, math.nan, math.nan, None, math.nan)
