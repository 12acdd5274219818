"""An entry checked: its images hashed again on the named hasher, its targets drawn again, its numbers computed again."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

from hashbench.contracts.budget import Budget
from hashbench.contracts.products import AttackLog, Products
from hashbench.contracts.run import Run, derive_seed
from hashbench.engine.engine import Engine
from hashbench.engine.machine.seeds import drawn_from
from hashbench.engine.publishing.entry import Entry, EntryCell, read_images, sample
from hashbench.engine.publishing.numbers import Found, numbers_again
from hashbench.engine.running.robustness import robustness
from hashbench.engine.stages.codes import CodesStage, hash_pixels, logits_of
from hashbench.engine.stages.controls import ControlsStage
from hashbench.engine.stages.hasher import HasherStage
from hashbench.engine.stages.images import AttackedCodesStage
from hashbench.engine.stages.oracle import OracleStage
from hashbench.engine.stages.targets import TargetsStage
from hashbench.engine.targets.queries import Queries
from hashbench.errors import StoreError, UserError
from hashbench.protocols.protocol import PROTOCOLS, Protocol
from hashbench.results.cell import CellResult
from hashbench.results.provenance import Provenance
from hashbench.results.results import Results
from hashbench.retrieval.oracle import Oracle

HasherOf = Callable[[Entry, str, CellResult], HasherStage]
"""The hasher of an entry by its label, on the verifier's own copy of the data."""


@dataclass(frozen=True)
class Verdict:
    """What came of one cell."""

    cell: CellResult
    faults: tuple[str, ...]
    """A sentence each; none where everything holds."""
    found: Found | None = None
    """What was computed again; None where nothing could be."""

    @property
    def checked(self) -> str:
        """As a leaderboard says it."""
        found = self.found
        if found is None or self.cell.made is None:
            return "not verified"
        said = "verified" if found.images == found.of else f"verified on {found.images} of {found.of} images"
        whose = [] if self.cell.at.protocol in PROTOCOLS else ["by its sender's protocol"]
        whose += ["on its sender's targets"] if self.cell.made.targets.file else []
        return " ".join([said, *whose, *([] if self.cell.white_box else ["whatever their source"])])

    @property
    def confirmed(self) -> CellResult:
        """The cell with nothing but the numbers that were computed again, and the robustness that follows from them; how it was
        made, and flags, are its sender's word."""
        assert self.found is not None
        again = replace(self.cell, rows=self.found.rows, arrays=self.found.arrays, timings=(), checked=self.checked)
        return replace(again, rows=(*again.rows, *robustness(again, judged=self.cell)))


def verify(folder: Path, entry: Entry, results: Results, engine: Engine, hasher_of: HasherOf) -> list[Verdict]:
    """A verdict a cell of an entry and its results. Raises UserError where the two name different cells."""
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
    if made is None or cell.status != "ok":
        return Verdict(cell, ("it has no number",))
    try:
        return _checked(folder, entry, place, cell, made, engine, hasher_of(entry, place.hasher, cell))
    except StoreError:
        raise
    except UserError as error:
        return Verdict(cell, (str(error),))
    except Exception as error:  # noqa: BLE001 - whatever a stranger wrote into a cell, the other cells are checked
        return Verdict(cell, (f"it can't be checked: {type(error).__name__}: {error}",))


def _checked(
    folder: Path, entry: Entry, place: EntryCell, cell: CellResult, made: Provenance, engine: Engine, hasher: HasherStage
) -> Verdict:
    """Raises UserError for a fault after which nothing can be computed."""
    if place.hasher != cell.at.target.label or cell.at.seed < 0:
        raise UserError(f"entry.json names the hasher {place.hasher}, the cell {cell.at.target.label}, seed {cell.at.seed}.")
    if hasher.pixels.content != made.data.content:
        raise UserError(f"it was made on other data than {hasher.pixels.source.name} here: give --data the data set it names.")
    protocol, budget = _protocol(cell, made), Budget(cell.at.epsilon, cell.at.norm)
    targets = TargetsStage(hasher.pixels, protocol, Queries.of_file(folder / place.targets, cell.at.seed))
    drawn, loaded = engine.get(targets), engine.get(hasher.pixels)
    faults = _target_faults(drawn.sha256, cell, made, place, engine, targets)
    positions = sample(len(drawn.queries), entry.images_each, drawn.sha256)
    query, database = loaded.data.rows["query"][drawn.queries[positions]], loaded.data.rows["database"]
    clean = np.array(loaded.pixels[query])
    images = read_images(folder / place.images, positions, clean.shape[-1])
    if protocol.enforce_budget:
        faults += _budget_faults(images, clean, budget, positions)
    codes = engine.get(CodesStage(hasher))
    run = Run(0, engine.machine.device, engine.machine.batch_size, engine.machine.progress)
    controls = engine.get(ControlsStage(hasher, targets.queries))
    best = engine.get(OracleStage(hasher, targets))
    with drawn_from(derive_seed(cell.at.seed, AttackedCodesStage.name), engine.machine.device):
        attacked = hash_pixels(engine.get(hasher).hasher, images, run).numpy()
    products = Products(
        protocol=protocol,
        budget=budget,
        query_labels=loaded.data.labels[query],
        target_labels=drawn.labels[positions],
        database_labels=loaded.data.labels[database],
        database_codes=codes[database],
        clean_codes=codes[query],
        attacked_codes=attacked,
        unrounded_codes=codes[query],
        aim_codes=None,
        oracle=Oracle(best.codes[positions], best.ap[positions], best.proven[positions]),
        untargeted=False,
        clean_pixels=clean,
        adversarial=images,
        hash=lambda pixels: hash_pixels(engine.get(hasher).hasher, pixels, run).numpy(),
        logits=lambda pixels: logits_of(engine.get(hasher).hasher, pixels, run).numpy(),
        database_pixels=lambda rows: np.array(loaded.pixels[database[rows]]),
        controls={name: ap[positions] for name, ap in controls.items()},
        log=_no_log(len(positions)),
    )
    found, more = numbers_again(cell, products, positions, len(drawn.queries))
    return Verdict(cell, (*faults, *more), found)


def _budget_faults(images: np.ndarray, clean: np.ndarray, budget: Budget, positions: np.ndarray) -> list[str]:
    """The image that is farthest outside the budget, in words."""
    change = (images.astype(np.int16) - clean).reshape(len(clean), -1)
    size = np.abs(change).max(1) if budget.norm == "linf" else np.linalg.norm(change, axis=1)
    allowed = budget.levels if budget.norm == "linf" else 255 * budget.epsilon * (1 + 1e-5)
    if not (size > allowed).any():
        return []
    worst = int(size.argmax())
    what = f"{size[worst]} levels" if budget.norm == "linf" else f"a length of {size[worst]:.1f} levels"
    return [f"image {positions[worst]} differs by {what}, where {budget.text} allows {allowed:.6g}"]


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


def _no_log(count: int) -> AttackLog:
    """Nobody saw the attack at work: what is measured of it is left out."""
    nothing = np.zeros(count)
    return AttackLog(nothing, nothing, nothing, math.nan, math.nan, math.nan, math.nan, math.nan, None, math.nan)
