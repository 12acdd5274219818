"""From products to rows: the benchmarks and their intervals."""

from __future__ import annotations

import dataclasses
import hashlib
import inspect
import math
from collections.abc import Sequence

import numpy as np

from hashbench.contracts.attack import Aim, Attack, is_targeted
from hashbench.contracts.benchmark import Benchmark, Row
from hashbench.contracts.plugin import Plugin, options_of
from hashbench.contracts.products import Products
from hashbench.contracts.run import Run, derive_seed
from hashbench.engine.choices import Chosen
from hashbench.engine.engine import Engine
from hashbench.engine.machine.seeds import drawn_from
from hashbench.engine.planning.cell import Cell
from hashbench.engine.running.flags import cell_flags
from hashbench.engine.stages.codes import hash_pixels, logits_of
from hashbench.engine.stages.stage import identity
from hashbench.results.cell import CellResult, Flag, Measured
from hashbench.results.provenance import About, BudgetFacts, DataFacts, Keys, Provenance, TargetFacts
from hashbench.retrieval import Bootstrap
from hashbench.typing import Facts


def measure_cell(engine: Engine, cell: Cell, benchmarks: Sequence[Chosen[Benchmark]]) -> CellResult:
    """Make every stage of a cell that is not stored yet, and measure its products."""
    products = products_of(engine, cell)
    bootstrap = Bootstrap(len(products.query_labels), cell.target.seed_of_run)
    rows: list[Measured] = []
    timings: list[Measured] = []
    arrays: dict[str, np.ndarray] = {}
    for benchmark in benchmarks:
        with drawn_from(derive_seed(cell.target.seed_of_run, "measure", benchmark.text), engine.machine.device):
            measured = benchmark.plugin.measure(products)
        for row in measured.rows:
            (rows if benchmark.plugin.repeatable else timings).append(with_interval(row, bootstrap))
            if row.per_query is not None:
                arrays[f"per_query/{row.metric}"] = np.ascontiguousarray(row.per_query)
        arrays |= {f"{benchmark.name}/{name}": np.ascontiguousarray(array) for name, array in measured.arrays.items()}
    attack = cell.images.attack
    flags = cell_flags(products, attack.attack.plugin.remark(attack.budget)) if cell.white_box else []
    flags += [Flag(flag=name, says=says) for name, says in cell.target.remarks.items()]
    made = provenance(engine, cell)
    return CellResult(cell.at, "ok", cell.slug, "", tuple(rows), tuple(timings), arrays, made, tuple(flags))


def products_of(engine: Engine, cell: Cell) -> Products:
    """The products of a cell, for benchmarks to measure."""
    images, loaded, targets = engine.get(cell.images), engine.get(cell.target.pixels), engine.get(cell.images.targets)
    codes, aim = engine.get(cell.codes), cell.images.attack.aim
    query, database = loaded.data.rows["query"][targets.queries], loaded.data.rows["database"]
    run = Run(0, engine.machine.device, engine.machine.batch_size)
    aimed = cell.images.aim_codes if aim is not None and aim.aim.plugin.targeted and cell.white_box else None
    return Products(
        protocol=cell.protocol,
        budget=cell.images.attack.budget,
        query_labels=loaded.data.labels[query],
        target_labels=targets.labels,
        database_labels=loaded.data.labels[database],
        database_codes=codes[database],
        clean_codes=codes[query],
        attacked_codes=engine.get(cell.attacked_codes),
        unrounded_codes=images.unrounded_codes,
        aim_codes=None if aimed is None else engine.get(aimed),
        oracle=engine.get(cell.oracle),
        untargeted=cell.images.attack.attack.plugin.targeted is False,
        clean_pixels=np.array(loaded.pixels[query]),
        adversarial=images.adversarial,
        hash=lambda pixels: hash_pixels(engine.get(cell.target).hasher, pixels, run).numpy(),
        logits=lambda pixels: logits_of(engine.get(cell.target).hasher, pixels, run).numpy(),
        database_pixels=lambda positions: np.array(loaded.pixels[database[positions]]),
        controls=engine.get(cell.controls),
        log=images.log if cell.white_box else dataclasses.replace(images.log, members={}, choice=None, readings={}),
    )


def with_interval(row: Row, bootstrap: Bootstrap) -> Measured:
    """A benchmark's row with the interval of its values by query."""
    values = row.per_query
    low, high = (None, None) if values is None or len(values) < 2 else bootstrap.interval(values)
    if row.root and low is not None and high is not None:
        low, high = math.sqrt(low), math.sqrt(high)
    return Measured(metric=row.metric, value=row.value, low=low, high=high)


def provenance(engine: Engine, cell: Cell) -> Provenance:
    """How a cell's numbers were made."""
    attack, target = cell.images.attack, cell.target
    data, targets = engine.get(target.pixels).data, engine.get(cell.images.targets)
    chosen: dict[str, Chosen[Plugin]] = {"attack": attack.attack}
    if attack.aim is not None:
        chosen["aim"] = attack.aim.aim
    chosen |= {**target.plugins, "dataset": target.pixels.source.dataset}
    found: Facts = {
        **{f"{split}_rows": len(rows) for split, rows in data.rows.items()},
        **data.facts,
        "identity": target.pixels.source.identity,
        "content": data.content,
        "pipeline": data.pipeline,
        "image_size": data.image_size,
        "class_names": list(data.classes),
    }
    drawn: Facts = {**targets.facts, "sha256": targets.sha256, "file": cell.images.targets.queries.file is not None}
    return Provenance(
        plugins={name: _about(one.plugin, None if attack.aim is None else attack.aim.aim.plugin) for name, one in chosen.items()},
        options={name: options_of(one.plugin) for name, one in chosen.items()},
        protocol=cell.protocol.facts,
        budget=BudgetFacts(norm=attack.budget.norm, epsilon=attack.budget.epsilon),
        environment=engine.environment,
        targets=TargetFacts.model_validate(drawn),
        data=DataFacts.model_validate(found),
        hasher=engine.get(target).facts,
        preset=cell.preset,
        keys=Keys(hasher=identity(target), images=identity(cell.images)),
        codes=_hash_of(engine.get(cell.codes)),
        batch_size=cell.images.batch_size,
        precision=cell.precisions.facts,
        compiled=cell.precisions.compiled,
    )


def _about(plugin: Plugin, aim: Aim | None) -> About:
    about = (inspect.getdoc(type(plugin)) or "").partition("\n")[0]
    if not isinstance(plugin, Attack):
        return About(about=about, paper=plugin.paper)
    return About(about=about, paper=plugin.paper, access=plugin.access, targeted=is_targeted(plugin, aim))


def _hash_of(codes: np.ndarray) -> str:
    return hashlib.sha256(np.packbits(codes > 0).tobytes()).hexdigest()[:20]
