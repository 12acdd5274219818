"""From products to rows: the benchmarks, their intervals, and the shares of the way that need the whole table."""

from __future__ import annotations

import dataclasses
import inspect
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from hashbench.attack import Attack
from hashbench.benchmark import Row
from hashbench.engine.aiming import aim_codes
from hashbench.engine.attacking import AttackedImages, attack_queries, attacked_codes
from hashbench.engine.context import Chosen, Context
from hashbench.engine.environment import environment
from hashbench.engine.plan import Cell
from hashbench.engine.sources import load_source
from hashbench.engine.store import digest
from hashbench.engine.targets import draw_targets
from hashbench.engine.victims import controls, train_hasher
from hashbench.flags import cell_flags, table_flags, transfer_flags
from hashbench.plugin import options_of
from hashbench.products import Products
from hashbench.results import CellResult
from hashbench.retrieval import Bootstrap
from hashbench.retrieval.bootstrap import percentiles
from hashbench.settings import settings_of


def measure_cell(context: Context, cell: Cell, benchmarks: Sequence[Chosen]) -> CellResult:
    """Run every stage of a cell that is not stored yet, and measure its products."""
    images = attack_queries(context, cell.choice)
    products = _products(context, cell, images)
    bootstrap = Bootstrap(len(products.query_labels), cell.victim.seed)
    rows: list[dict[str, Any]] = []
    timings: list[dict[str, Any]] = []
    arrays: dict[str, np.ndarray] = {}
    for benchmark in benchmarks:
        measured = benchmark.plugin.measure(products)
        for row in measured.rows:
            (rows if benchmark.plugin.repeatable else timings).append(with_interval(row, bootstrap))
            if row.per_query is not None:
                arrays[f"per_query/{row.metric}"] = np.ascontiguousarray(row.per_query)
        arrays |= {f"{benchmark.text}/{name}": np.ascontiguousarray(array) for name, array in measured.arrays.items()}
    made = _made(context, cell, images)
    flags = cell_flags(products, cell.choice.attack.plugin.remark(cell.choice.budget)) if cell.victim == cell.choice.victim else []
    return CellResult(cell.names, "ok", cell.slug, rows=rows, timings=timings, arrays=arrays, made=made, flags=flags)


def _products(context: Context, cell: Cell, images: AttackedImages) -> Products:
    choice = cell.choice
    loaded = load_source(context, cell.victim.source)
    trained = train_hasher(context, cell.victim)
    targets = draw_targets(context, choice.targets)
    query = loaded.data.rows["query"][targets.queries]
    database = loaded.data.rows["database"]
    own = cell.victim == choice.victim
    aimed = own and choice.aim is not None and choice.aim.plugin.targeted
    return Products(
        protocol=choice.protocol,
        budget=choice.budget,
        query_labels=loaded.data.labels[query],
        target_labels=targets.labels,
        database_labels=loaded.data.labels[database],
        database_codes=trained.codes[database],
        clean_codes=trained.codes[query],
        attacked_codes=attacked_codes(context, choice, images, cell.victim),
        unrounded_codes=images.unrounded_codes,
        aim_codes=aim_codes(context, choice, choice.aim)[0] if aimed and choice.aim is not None else None,
        clean_pixels=np.array(loaded.pixels[query]),
        adversarial=images.adversarial,
        database_pixels=lambda positions: np.array(loaded.pixels[database[positions]]),
        controls=controls(context, cell.victim, targets.queries),
        log=images.log,
    )


def with_interval(row: Row, bootstrap: Bootstrap) -> dict[str, Any]:
    values = row.per_query
    low, high = (None, None) if values is None or len(values) < 2 else bootstrap.interval(values)
    if row.root and low is not None and high is not None:
        low, high = math.sqrt(low), math.sqrt(high)
    return {"metric": row.metric, "value": row.value, "low": low, "high": high}


def _made(context: Context, cell: Cell, images: AttackedImages) -> dict[str, Any]:
    choice = cell.choice
    loaded = load_source(context, cell.victim.source)
    trained = train_hasher(context, cell.victim)
    targets = draw_targets(context, choice.targets)
    plugins = {
        "attack": choice.attack,
        "aim": choice.aim,
        "hasher": cell.victim.method,
        "backbone": cell.victim.backbone,
        "dataset": cell.victim.source.dataset,
    }
    return {
        "plugins": {name: _about(chosen) for name, chosen in plugins.items() if chosen is not None},
        "options": {name: options_of(chosen.plugin) for name, chosen in plugins.items() if chosen is not None},
        "protocol": dataclasses.asdict(choice.protocol),
        "budget": dataclasses.asdict(choice.budget),
        "environment": environment(context),
        "targets": targets.facts | {"sha256": targets.sha256, "file": choice.target_file is not None},
        "data": {
            **{f"{split}_rows": len(rows) for split, rows in loaded.data.rows.items()},
            **loaded.data.facts,
            "identity": cell.victim.source.identity,
            "content": loaded.data.content,
            "pipeline": loaded.data.pipeline,
            "image_size": loaded.data.image_size,
            "class_names": list(loaded.data.classes),
        },
        "hasher": trained.facts,
        "preset": cell.preset,
        "keys": {"hasher": digest(trained.key), "images": digest(images.key)},
        "batch_size": context.batch_size,
    }


def _about(chosen: Chosen) -> dict[str, Any]:
    """What a plugin says of itself, so that a result is read without it."""
    plugin = chosen.plugin
    about = (inspect.getdoc(type(plugin)) or "").partition("\n")[0]
    return {"about": about, "paper": plugin.paper} | ({"access": plugin.access} if isinstance(plugin, Attack) else {})


def finish_tables(cells: Sequence[CellResult]) -> None:
    """What needs other cells: the shares of the way from floor to aim code, the attack's own and the victim's best; the flags."""
    done = [cell for cell in cells if cell.status == "ok"]
    for setting in settings_of(done):
        found = table_flags(setting.cells)
        for cell in setting.cells:
            cell.flags.extend(found[cell.slug])
    best: dict[tuple[Any, ...], CellResult] = {}
    for cell in done:
        aim, so_far = cell.value("t_map_aim"), best.get(_scored_alike(cell))
        if aim is not None and (so_far is None or aim > (so_far.value("t_map_aim") or 0.0)):
            best[_scored_alike(cell)] = cell
    white_box = {
        (cell.names["dataset"], cell.names["victim"], cell.names["protocol"], *_attacked_alike(cell)): cell
        for cell in done
        if cell.white_box
    }
    for cell in done:
        if cell.value("t_map_aim") is not None:
            cell.rows.append(_share("t_map_share_own_aim", cell, cell))
        if _scored_alike(cell) in best:
            cell.rows.append(_share("t_map_share", cell, best[_scored_alike(cell)]))
        source = (cell.names["dataset"], cell.source, cell.names["protocol"], *_attacked_alike(cell))
        if not cell.white_box and source in white_box:
            cell.flags.extend(transfer_flags(cell, white_box[source]))


def _scored_alike(cell: CellResult) -> tuple[Any, ...]:
    """Cells whose images are scored on one victim by one protocol: they share targets, floor and ceiling."""
    return tuple(cell.names[name] for name in ("dataset", "victim", "protocol", "seed"))


def _attacked_alike(cell: CellResult) -> tuple[Any, ...]:
    """Cells that score the same images."""
    return tuple(cell.names[name] for name in ("hasher", "backbone", "bits", "attack", "seed", "epsilon"))


def _share(metric: str, cell: CellResult, ceiling: CellResult) -> dict[str, Any]:
    """(t-MAP - floor) / (aim - floor), of means and of the same resamples' means.

    No value where the aim code itself is not told apart from the floor: a share of nothing has no meaning.
    """
    attacked, floor = cell.arrays["per_query/t_map"], cell.arrays["per_query/t_map_floor"]
    gained, possible = attacked - floor, ceiling.arrays["per_query/t_map_aim"] - floor
    bootstrap = Bootstrap(len(attacked), cell.names["seed"])
    if not bootstrap.interval(possible)[0] > 0:
        return {"metric": metric, "value": None, "low": None, "high": None}
    ways = bootstrap.means(possible)
    low, high = percentiles(bootstrap.means(gained) / np.where(ways > 0, ways, np.nan))
    return {"metric": metric, "value": float(np.nanmean(gained) / np.nanmean(possible)), "low": low, "high": high}
