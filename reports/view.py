"""What the page shows, from results: tables, figures, pictures, and how each number was made."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from hashbench.api import CellResult, Results
from hashbench.retrieval.curves import by_radius, precision_at

from .figures import Curve, curves, way
from .matrices import matrices
from .pictures import amplified, data_uri

AMPLIFY = 8
TABLE = ("dataset", "hasher", "backbone", "bits", "victim", "protocol", "seed")


def view(results: Results) -> dict[str, Any]:
    """Everything the template needs."""
    tables: dict[tuple[str, ...], list[CellResult]] = {}
    for cell in results.cells:
        if not cell.white_box:
            continue
        tables.setdefault(tuple(str(cell.names[name]) for name in TABLE), []).append(cell)
    pairs: dict[tuple[str, ...], list[dict[Any, Any]]] = {}
    for pair in results.differences.to_dict("records"):
        if pair["metric"] == "t_map":
            pairs.setdefault(tuple(str(pair[name]) for name in TABLE), []).append(pair)
    return {
        "run": results.run,
        "tables": [_table(list(key), cells, pairs.get(key, [])) for key, cells in tables.items()],
        "matrices": matrices(results),
        "protocols": _side_by_side(results),
        "spread": results.seed_spread.to_dict("records"),
        "failed": [cell for cell in results.cells if cell.status != "ok"],
        "amplify": AMPLIFY,
    }


def _side_by_side(results: Results) -> dict[str, Any]:
    """t-MAP of each attack under each protocol of the run, where there are several: the same hashers, other rules."""
    names = list(dict.fromkeys(str(cell.names["protocol"]) for cell in results.cells))
    rows: dict[tuple[str, ...], dict[str, Any]] = {}
    for cell in results.cells:
        if not cell.white_box:
            continue
        key = tuple(str(cell.names[name]) for name in ("dataset", "victim", "seed", "attack"))
        rows.setdefault(key, {})[str(cell.names["protocol"])] = {
            metric: _row(cell, metric) for metric in ("t_map_floor", "t_map", "t_map_share_own_aim")
        }
    return {"names": names, "rows": rows if len(names) > 1 else {}}


def _table(key: list[str], cells: list[CellResult], pairs: list[dict[Any, Any]]) -> dict[str, Any]:
    done = [cell for cell in cells if cell.status == "ok"]
    names = dict(zip(TABLE, key, strict=True))
    table: dict[str, Any] = {"names": names, "cells": [_cell(cell) for cell in done], "pairs": pairs}
    if not done:
        return table
    first = done[0]
    table["made"] = first.made
    table["control"] = {metric: _row(first, metric) for metric in ("map_clean", "map_floor", "map_pixels", "map_random")}
    label = f"{names['dataset']}, {names['victim']}, {names['protocol']}, seed {names['seed']}"
    floor, clean = _row(first, "t_map_floor"), _row(first, "t_map_clean")
    if floor and clean:
        table["floor"], table["clean"] = floor, clean
        rows = {cell.names["attack"]: _way_row(cell) for cell in done}
        table["way"] = way(f"t-MAP by attack: {label}", rows, floor["value"], clean["value"])
    table["figures"] = retrieval_curves({cell.names["attack"]: cell for cell in done}, label)
    return table


def _way_row(cell: CellResult) -> dict[str, float]:
    row = _row(cell, "t_map") or {}
    aim = cell.value("t_map_aim")
    return {name: row[name] for name in ("value", "low", "high")} | ({} if aim is None else {"aim": aim})


def _cell(cell: CellResult) -> dict[str, Any]:
    metrics = {row["metric"]: row for row in cell.rows}
    timings = {row["metric"]: row["value"] for row in cell.timings}
    shown = {"names": cell.names, "metrics": metrics, "timings": timings, "made": cell.made}
    return shown | {"flags": cell.flags, "gallery": gallery(cell)}


def _row(cell: CellResult, metric: str) -> dict[str, Any] | None:
    return next((row for row in cell.rows if row["metric"] == metric), None)


def retrieval_curves(cells: Mapping[str, CellResult], label: str) -> list[str]:
    """Precision-recall and precision@N of the targets, a line a cell by name, with the clean query's; none without counts."""
    recall: dict[str, Curve] = {}
    precision: dict[str, Curve] = {}
    for attack, cell in cells.items():
        for which, name in (("clean", "clean query"), ("attacked", attack)):
            items = cell.arrays.get(f"targeted/{which}/target/items")
            relevant = cell.arrays.get(f"targeted/{which}/target/relevant")
            if items is None or relevant is None:
                continue
            precisions, recalls = by_radius(items, relevant)
            seen = items.sum(0).cumsum() > 0
            recall.setdefault(name, (recalls.mean(0)[seen], precisions.mean(0)[seen]))
            size = int(items[0].sum())
            tops = np.unique(np.geomspace(1, min(1000, size), 40).astype(int))
            precision.setdefault(name, (tops, precision_at(items, relevant, tops).mean(0)))
    if not recall:
        return []
    return [
        curves("Precision and recall of the targets, by Hamming radius", label, "recall", "precision", recall),
        curves("Precision of the targets among the first N", label, "N retrieved", "precision", precision, log=True),
    ]


def gallery(cell: CellResult) -> list[dict[str, Any]]:
    """The cell's sample queries, with what each retrieves before and after."""
    arrays = {name.removeprefix("gallery/"): array for name, array in cell.arrays.items() if name.startswith("gallery/")}
    if not arrays:
        return []
    classes = cell.made["data"]["class_names"]
    samples = []
    for i, (clean, adversarial) in enumerate(zip(arrays["clean"], arrays["adversarial"], strict=True)):
        own, target = arrays["query_labels"][i], arrays["target_labels"][i]
        samples.append(
            {
                "clean": data_uri(clean),
                "adversarial": data_uri(adversarial),
                "difference": data_uri(amplified(adversarial, clean, AMPLIFY)),
                "amplify": AMPLIFY,
                "own": _named(own, classes),
                "target": _named(target, classes),
                **{
                    f"{which}_found": [
                        {
                            "uri": data_uri(pixels),
                            "own": bool(labels @ own),
                            "target": bool(labels @ target),
                            "name": _named(labels, classes),
                        }
                        for pixels, labels in zip(arrays[f"{which}/pixels"][i], arrays[f"{which}/labels"][i], strict=True)
                    ]
                    for which in ("clean", "attacked")
                },
            }
        )
    return samples


def _named(labels: np.ndarray, classes: list[str]) -> str:
    return ", ".join(classes[i] for i in np.flatnonzero(labels)) or "no label"
