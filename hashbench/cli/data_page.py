"""The findings of `data check`, for the terminal and as one HTML page with sample images."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator
from importlib.resources import files
from typing import Any

import numpy as np
from rich.markup import escape
from rich.table import Table

from hashbench.data.check import Findings
from hashbench.data.dataset import RetrievalData
from hashbench.data.facts import SPLITS
from hashbench.errors import BadData

COUNTS = {
    "rows": "rows",
    "distinct images": "",
    "without a label": "without_label",
    "classes of an image, mean": "cardinality",
    "classes of an image, most": "cardinality_max",
    "distinct label vectors": "label_vectors",
    "held by more than 9 images": "vectors_over_9",
    "held by one image": "vectors_once",
}
SAMPLES = 8


def counts(data: RetrievalData) -> list[tuple[str, list[str]]]:
    """Rows of the table of splits: what, and its value for each split."""
    facts, rows = data.facts, []
    for what, key in COUNTS.items():
        values = [facts[f"{s}_rows"] - facts[f"{s}_duplicates"] if not key else facts[f"{s}_{key}"] for s in SPLITS]
        rows.append((what, [f"{value:,}" if isinstance(value, int) else f"{value:.3f}" for value in values]))
    return rows


def frequencies(data: RetrievalData) -> list[tuple[str, list[int]]]:
    """Rows of the table of labels: its name, and how many rows of each split have it."""
    columns = [data.split_labels(split).sum(0, dtype=np.int64) for split in SPLITS]
    return [(name, [int(column[i]) for column in columns]) for i, name in enumerate(data.classes)]


def summary(found: Findings) -> Iterator[tuple[str, Table]]:
    """Two tables with their headings: splits and labels."""
    data = found.data
    if data is None:
        return
    title = f"{data.name}: {len(data.labels):,} images, {len(data.classes)} labels"
    if "split" in data.facts:
        title += f"; split: {data.facts['split']}"
    for heading, rows in ((title, counts(data)), ("rows that have each label", frequencies(data))):
        table = Table()
        table.add_column("")
        for split in SPLITS:
            table.add_column(split, justify="right")
        for name, values in rows:
            table.add_row(escape(name), *(value if isinstance(value, str) else f"{value:,}" for value in values))
        yield heading, table


def page(found: Findings, labels_only: bool) -> str:
    """The findings as a self-contained page."""
    from jinja2 import Environment, StrictUndefined

    template = (files("hashbench.cli") / "templates" / "data.html.j2").read_text(encoding="utf-8")
    shown: dict[str, Any] = {"found": found, "data": found.data, "splits": SPLITS, "labels_only": labels_only}
    if found.data is not None:
        shown |= {"counts": counts(found.data), "labels": frequencies(found.data)}
        shown["samples"] = {} if labels_only else {split: samples(found.data, split) for split in SPLITS}
    return Environment(autoescape=True, undefined=StrictUndefined).from_string(template).render(shown)


def samples(data: RetrievalData, split: str) -> list[tuple[str, str]]:
    """Images spread evenly over a split, as data URIs, with the names of their labels."""
    rows = data.rows[split]
    picked = []
    for i in np.unique(np.linspace(0, len(rows) - 1, SAMPLES).astype(int)) if len(rows) else ():
        try:
            uri = _data_uri(data.decode(int(rows[i])))
        except BadData:
            continue
        picked.append((uri, ", ".join(data.classes[c] for c in np.flatnonzero(data.labels[rows[i]])) or "no label"))
    return picked


def _data_uri(pixels: np.ndarray) -> str:
    from PIL import Image

    stream = io.BytesIO()
    image = Image.fromarray(np.ascontiguousarray(pixels.transpose(1, 2, 0)))
    image.thumbnail((128, 128))
    image.save(stream, "JPEG", quality=85)
    return "data:image/jpeg;base64," + base64.b64encode(stream.getvalue()).decode()
