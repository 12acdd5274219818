"""Entries: runs packed for others, and entries of others checked."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from hashbench.contracts.plugin import options_of
from hashbench.disk.files import check_new_folder
from hashbench.engine.engine import Engine
from hashbench.engine.machine.precision import Precisions
from hashbench.engine.models.foreign import known
from hashbench.engine.models.loader import loader_of
from hashbench.engine.planning.cell import Cell
from hashbench.engine.planning.choosing import choose_source
from hashbench.engine.planning.config import config_of
from hashbench.engine.publishing.card import read_card
from hashbench.engine.publishing.entry import Entry, read_entry
from hashbench.engine.publishing.imported import imported_hasher
from hashbench.engine.publishing.submission import pack
from hashbench.engine.publishing.verification import Verdict, confirmed
from hashbench.engine.publishing.verification import verify as checked
from hashbench.engine.stages.hasher import HasherStage
from hashbench.engine.stages.model import ModelStage
from hashbench.errors import UserError
from hashbench.plugins import registry
from hashbench.plugins.configure import configure
from hashbench.plugins.spec import parse_spec
from hashbench.python.how import How, data_folder
from hashbench.python.machine import engine_of, resolving
from hashbench.python.running import planned
from hashbench.results.cell import CellResult
from hashbench.results.reading import read_results
from hashbench.results.writing import write_results
from hashbench.typing import Facts

DEFAULT = How()


def submit(run: str | Path, out: str | Path, *, images: int | None = None, how: How = DEFAULT) -> list[str]:
    """Pack a finished run into the folder `out`: its cells, the very images as PNGs (all, or a draw of `images` a cell), targets,
    and hashers with their cards. Returns the slugs of its cells. Raises UserError where something of the run is gone."""
    engine = engine_of(how)
    resolve = resolving(engine)

    def cells_of(asked: Mapping[str, object]) -> dict[str, Cell]:
        several = asked.get("configs")
        configs = several if isinstance(several, list) else [asked]
        plans = [planned(config_of(one), how, resolve) for one in configs]
        return {cell.slug: cell for plan in plans for cell in plan.cells}

    return pack(Path(run), Path(out), engine, cells_of, images)


def verify(
    entry: str | Path,
    *,
    data: str | Path | None = None,
    split: str | Path | None = None,
    models: Sequence[str] = (),
    out: str | Path | None = None,
    how: How = DEFAULT,
) -> list[Verdict]:
    """Check an entry of others: hash its images again on the named hasher, check budget, targets and numbers; a verdict a cell.

    `data`: your own copy of its data set. `models`: what loads the networks whose weights the entry does not bring, as `--model`
    takes them. `out`: a folder for a run of what was confirmed, which a leaderboard shows as verified. Raises UserError.
    """
    engine = engine_of(how)
    folder = Path(entry)
    if out is not None:
        check_new_folder(Path(out))
    sent, results = read_entry(folder), read_results(folder)
    verdicts = checked(folder, sent, results, engine, _HasherOf(folder, engine, data, split, models))
    if out is not None:
        holds = confirmed(results, verdicts)
        if holds.cells:
            write_results(holds, Path(out))
    return verdicts


class _HasherOf:
    """The hashers of an entry on the verifier's own data."""

    def __init__(
        self, folder: Path, engine: Engine, data: str | Path | None, split: str | Path | None, models: Sequence[str]
    ) -> None:
        self.folder = folder
        self.resolve = resolving(engine)
        self.data = data_folder(data)
        self.split = None if split is None else str(split)
        self.models = models

    def __call__(self, entry: Entry, label: str, cell: CellResult) -> HasherStage:
        named, made = entry.hashers.get(label), cell.made
        if named is None or made is None:
            raise UserError(f"entry.json has no hasher '{label}'.")
        _registered("datasets", cell.at.dataset)
        hashing = Precisions.of(made.precision.get("hashing", "fp32")).hashing
        source, _ = choose_source(cell.at.dataset, self.data, made.preset or None, made.data.image_size, self.split)
        if not named.folder:
            for text in self.models:
                model = known(loader_of(text), source.image_size, None)
                if model.content == named.content:
                    stage = ModelStage(self.resolve(source), model.seen.bits, cell.at.seed, model, hashing=hashing)
                    if stage.called != cell.at.target:
                        raise UserError(f"its hasher is {stage.label}, not {cell.at.target.label}.")
                    return stage
            raise UserError(f"the network {named.model} is not in the entry: give --model what loads it, as its sender has it.")
        folder = self.folder / named.folder
        card, _ = read_card(folder)
        said = cell.at.target
        named_so = (*(one.name for one in card.plugins), card.bits)
        if named_so != (_bare(said.hasher), _bare(said.backbone), said.bits):
            raise UserError(f"its hasher is {named_so[0]} on {named_so[1]} with {card.bits} bits, not {said.label}.")
        for kind, text, one in zip(("hashers", "backbones"), (said.hasher, said.backbone), card.plugins, strict=True):
            if not _options_of(kind, text, made.preset or None) <= _hashable(one.options):
                raise UserError(f"its hasher was made with other options of {one.name} than {text}.")
        return replace(imported_hasher(folder, source, True, self.resolve), seed_of_run=cell.at.seed, hashing=hashing)


def _registered(kind: str, text: str) -> None:
    """Raise UserError unless a text that a stranger wrote names a plugin by its registered name: files and modules would run."""
    if parse_spec(text).name not in registry.entries(kind):
        raise UserError(f"'{text}' is none of the {kind} that are installed here: install its package.")


def _options_of(kind: str, text: str, preset: str | None) -> set[tuple[str, str]]:
    """The options that a name in a result stands for, but for where weights are from. Those of an imported one are on its card."""
    if "@" in text:
        return set()
    _registered(kind, text)
    return {item for item in _hashable(options_of(configure(kind, text, preset))) if item[0] != "weights"}


def _hashable(options: Facts) -> set[tuple[str, str]]:
    return {(name, json.dumps(value)) for name, value in options.items()}


def _bare(text: str) -> str:
    """A name without options, and without the name it was imported by."""
    return text.partition("[")[0].partition("@")[0]
