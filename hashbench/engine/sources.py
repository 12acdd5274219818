"""Stages that need no hasher: the data, its pixels, the queries and their targets."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from hashbench.data.dataset import RetrievalData
from hashbench.data.images import read_pixels, write_pixels
from hashbench.data.split import Split
from hashbench.engine.context import Chosen, Context
from hashbench.errors import BadData
from hashbench.protocol import Protocol
from hashbench.run import derive_seed


@dataclass(frozen=True)
class Source:
    """A dataset, the folder it reads and the size of its images."""

    dataset: Chosen
    folder: Path | None
    image_size: int

    @property
    def name(self) -> str:
        return self.dataset.text


@dataclass(frozen=True)
class Loaded:
    """A loaded dataset and its decoded pixels."""

    data: RetrievalData
    pixels: np.ndarray
    key: dict[str, Any]

    def split(self, name: str) -> Split:
        return Split(self.data.name, self.pixels, self.data.labels, self.data.rows[name])


def load_source(context: Context, source: Source) -> Loaded:
    """The data and its pixels, decoded once."""

    def load() -> Loaded:
        data: RetrievalData = source.dataset.plugin.load(source.folder, source.image_size)
        key = {"content": data.content, "image_size": data.image_size, "pipeline": data.pipeline}
        folder = context.store.product(
            "pixels", key, lambda draft: write_pixels(data, draft / "pixels.npy", context.workers, context.progress)
        )
        return Loaded(data, read_pixels(folder / "pixels.npy"), key)

    return context.once(("source", source), load)


@dataclass(frozen=True)
class Targets:
    """The attacked queries and what each should be taken for: one file for all attacks of a table."""

    queries: np.ndarray
    """(Q,) positions in the query split."""
    labels: np.ndarray
    """(Q, C) uint8 target labels."""
    facts: dict[str, Any]
    key: dict[str, Any]


def draw_targets(context: Context, source: Source, protocol: Protocol, queries: int | None, seed: int) -> Targets:
    """Choose `queries` queries (all for None) and draw a target for each, by the protocol's rule."""
    loaded = load_source(context, source)
    key = {
        "content": loaded.data.content,
        "queries": queries,
        "seed": seed,
        "min_images": protocol.min_images,
        "disjoint": protocol.disjoint,
    }

    def make(draft: Path) -> None:
        picked = pick_queries(len(loaded.data.rows["query"]), queries, seed)
        labels, facts = draw_labels(loaded.data, picked, protocol, seed)
        content = {"queries": picked.tolist(), "targets": [np.flatnonzero(row).tolist() for row in labels], "facts": facts}
        (draft / "targets.json").write_text(json.dumps(content), encoding="utf-8")

    saved = json.loads((context.store.product("targets", key, make) / "targets.json").read_text(encoding="utf-8"))
    labels = np.zeros((len(saved["targets"]), loaded.data.labels.shape[1]), dtype=np.uint8)
    for row, classes in zip(labels, saved["targets"], strict=True):
        row[classes] = 1
    return Targets(np.array(saved["queries"], dtype=np.int64), labels, saved["facts"], key)


def pick_queries(available: int, wanted: int | None, seed: int) -> np.ndarray:
    """Positions of the attacked queries, in order: all, or a draw without replacement."""
    if wanted is None or wanted >= available:
        return np.arange(available)
    rng = np.random.default_rng(derive_seed(seed, "queries"))
    return np.sort(rng.choice(available, wanted, replace=False))


def draw_labels(data: RetrievalData, picked: np.ndarray, protocol: Protocol, seed: int) -> tuple[np.ndarray, dict[str, Any]]:
    """One target label vector a query, uniform over the pool; every query draws from a generator of its own.

    The pool: distinct database label vectors held by at least `min_images` images; where some query would have no
    disjoint one, by as many fewer as it takes. Raises BadData for a query without any.
    """
    vectors, counts = np.unique(data.split_labels("database"), axis=0, return_counts=True)
    own = data.split_labels("query")[picked]
    if protocol.disjoint:
        keep = vectors.any(1)
        vectors, counts = vectors[keep], counts[keep]
    least = _smallest_pool(vectors, counts, own, protocol)
    vectors = vectors[counts >= least]
    targets = np.empty((len(picked), vectors.shape[1]), dtype=np.uint8)
    for i, position in enumerate(picked):
        allowed = np.flatnonzero(~(vectors @ own[i]).astype(bool)) if protocol.disjoint else np.arange(len(vectors))
        if not len(allowed):
            raise BadData(
                f"query {position} (line {position + 1} of the query list) has no possible target: every label vector of the "
                "database shares a class with it; use --protocol published, which allows overlap, or leave the query out."
            )
        rng = np.random.default_rng(derive_seed(seed, "target", int(position)))
        targets[i] = vectors[rng.choice(allowed)]
    overlap = float(((targets * own).sum(1) > 0).mean())
    facts = {**asdict(protocol), "pool": len(vectors), "min_images": int(least), "queries": len(picked), "overlap": overlap}
    return targets, facts


def _smallest_pool(vectors: np.ndarray, counts: np.ndarray, own: np.ndarray, protocol: Protocol) -> int:
    """The protocol's min_images, or the largest number below it that leaves every query a target (1 if none does)."""
    for least in range(protocol.min_images, 1, -1):
        pool = vectors[counts >= least].astype(np.int64)
        if len(pool) and (not protocol.disjoint or ((pool @ own.T.astype(np.int64)) == 0).any(0).all()):
            return least
    return 1
