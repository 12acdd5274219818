"""A finished run packed into an entry: cells, the very images, targets, hashers."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

from hashbench import __version__
from hashbench.disk.files import check_new_folder, write_atomically
from hashbench.engine.engine import Engine
from hashbench.engine.planning.cell import Cell
from hashbench.engine.publishing.entry import SCHEMA, Entry, EntryCell, EntryHasher, sample, write_images
from hashbench.engine.publishing.exported import export_hasher
from hashbench.engine.stages.hasher import HasherStage
from hashbench.engine.stages.model import ModelStage
from hashbench.engine.stages.stage import identity
from hashbench.engine.stages.targets import FILE as TARGETS
from hashbench.engine.stages.trained import TrainedStage
from hashbench.errors import UserError
from hashbench.results.reading import ENTRY, read_results
from hashbench.results.writing import write_run

PlanOf = Callable[[Mapping[str, object]], Mapping[str, Cell]]
"""The cells of what a run was asked for, by slug."""


def pack(run: Path, out: Path, engine: Engine, cells_of: PlanOf, images_each: int | None = None) -> list[str]:
    """Write the entry into `out`; returns the slugs of its cells. Raises UserError where something of the run is gone.

    `images_each`: how many images of each cell, drawn so that the sender can't choose; all by default.
    """
    results = read_results(run)
    for found in results.cells:
        if found.status == "ok" and not (run / "cells" / f"{found.slug}.safetensors").is_file():
            raise UserError(f"{run}/cells lacks {found.slug}.safetensors: run its command again, then submit.")
    check_new_folder(out)
    facts = results.runs[0]
    asked = facts.config
    planned = cells_of(asked)
    done = {cell.slug: planned.get(cell.slug) for cell in results.cells if cell.status == "ok"}
    if not done or None in done.values():
        raise UserError(f"{run} can't be planned again as it was: run its command again with this version and the same files.")
    hashers: dict[str, EntryHasher] = {}
    keys = {(cell.target.label, identity(cell.target)) for cell in done.values() if cell is not None}
    if len(keys) > len({label for label, _ in keys}):
        raise UserError(f"{run} holds hashers of one name and several seeds: submit a run for each seed.")
    packed: dict[str, EntryCell] = {}
    for slug, cell in done.items():
        assert cell is not None
        _check(engine, cell)
        if cell.target.label not in hashers:
            hashers[cell.target.label] = _hasher(engine, cell.target, out)
        targets = engine.get(cell.images.targets)
        place = f"targets/{targets.sha256[:20]}.json"
        (out / "targets").mkdir(parents=True, exist_ok=True)
        shutil.copyfile(engine.folder(cell.images.targets) / TARGETS, out / place)
        positions = sample(len(targets.queries), images_each, targets.sha256)
        write_images(engine.get(cell.images).adversarial, positions, out / "images" / slug)
        queries = cell.images.targets.queries.count
        packed[slug] = EntryCell(images=f"images/{slug}", targets=place, hasher=cell.target.label, queries=queries)
        (out / "cells").mkdir(exist_ok=True)
        for suffix in (".json", ".safetensors"):
            shutil.copyfile(run / "cells" / f"{slug}{suffix}", out / "cells" / f"{slug}{suffix}")
    write_run(facts.model_copy(update={"cells": list(packed)}), out)
    shutil.copyfile(run / "timings.csv", out / "timings.csv")
    entry = Entry(entry_schema=SCHEMA, hashbench=__version__, config=asked, images_each=images_each, hashers=hashers, cells=packed)
    write_atomically(out / ENTRY, entry.model_dump_json(indent=1))
    return list(packed)


def _check(engine: Engine, cell: Cell) -> None:
    """Raise UserError where the images can't be packed as they were scored."""
    if not cell.protocol.eight_bit:
        raise UserError(f"protocol {cell.protocol.name} scores images that were not rounded, which no PNG holds: leave it out.")
    missing = engine.missing([cell.images, cell.images.targets, cell.target])
    if missing:
        raise UserError(f"the store has no {missing[-1].name} of {cell.title}: run the same command again, then submit.")


def _hasher(engine: Engine, stage: HasherStage, out: Path) -> EntryHasher:
    if isinstance(stage, ModelStage):
        return EntryHasher(model=stage.model.name, content=stage.model.content)
    assert isinstance(stage, TrainedStage)
    name = re.sub(r"[^\w.-]+", "_", stage.label).strip("_.-")[:80]
    export_hasher(engine, stage, name, out / "hashers" / name)
    return EntryHasher(folder=f"hashers/{name}")
