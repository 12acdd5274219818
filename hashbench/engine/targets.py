"""The stage that draws targets, and target files: one for all attacks of a table, on any machine."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from hashbench.data.dataset import RetrievalData
from hashbench.engine.context import Context
from hashbench.engine.sources import Loaded, Source, load_source, thumbnails
from hashbench.engine.store import digest
from hashbench.errors import UserError
from hashbench.files import read_json
from hashbench.protocol import Protocol
from hashbench.targets import draw_labels, pick_queries

SCHEMA = 1
LARGEST = 1 << 26
"""Bytes of a target file; one of 5,000 queries has 0.2 MB."""


@dataclass(frozen=True)
class TargetChoice:
    """Which queries are attacked and how their targets are found."""

    source: Source
    protocol: Protocol
    queries: int | None
    seed: int
    file: Path | None = None
    """A target file to use instead of a draw."""


@dataclass(frozen=True)
class Targets:
    """The attacked queries and what each should be taken for."""

    queries: np.ndarray
    """(Q,) positions in the query split."""
    labels: np.ndarray
    """(Q, C) uint8 target labels."""
    facts: dict[str, Any]
    key: dict[str, Any]

    @property
    def sha256(self) -> str:
        """A hash of queries and targets, the same on every machine."""
        return digest([self.queries.tolist(), self.labels.tolist()])


def draw_targets(context: Context, choice: TargetChoice) -> Targets:
    """Choose the queries (all for None) and draw a target for each by the protocol's rule; or take both from the file."""
    return context.once(("targets", choice), lambda: _draw_targets(context, choice))


def _draw_targets(context: Context, choice: TargetChoice) -> Targets:
    loaded = load_source(context, choice.source)
    if choice.file is not None:
        return read_targets(choice.file, loaded.data, choice.protocol)
    rule = choice.protocol.target_rule
    key = {"schema": SCHEMA, "labels": loaded.data.label_content, "queries": choice.queries, "seed": choice.seed, **rule}
    by_image = choice.protocol.targets in ("nearest", "farthest")
    if by_image:
        key["pixels"] = digest(loaded.key)

    def make(draft: Path) -> None:
        picked = pick_queries(len(loaded.data.rows["query"]), choice.queries, choice.seed)
        distances = class_distances(loaded, picked) if by_image else None
        drawn = draw_labels(loaded.data, picked, choice.protocol, choice.seed, distances)
        (draft / "targets.json").write_text(_text(loaded.data, picked, drawn, choice), encoding="utf-8")

    file = context.store.product("targets", key, make) / "targets.json"
    return read_targets(file, loaded.data, choice.protocol, key)


def target_text(data: RetrievalData, choice: TargetChoice) -> str:
    """A target file's content, drawn from labels alone."""
    if choice.protocol.targets in ("nearest", "farthest"):
        raise UserError(f"targets '{choice.protocol.targets}' are found by the images, which this file is drawn without.")
    picked = pick_queries(len(data.rows["query"]), choice.queries, choice.seed)
    return _text(data, picked, draw_labels(data, picked, choice.protocol, choice.seed), choice)


def _text(data: RetrievalData, picked: np.ndarray, drawn: tuple[np.ndarray, dict[str, Any]], choice: TargetChoice) -> str:
    labels, facts = drawn
    content = {
        "schema": SCHEMA,
        "dataset": data.name,
        "labels": data.label_content,
        "rule": choice.protocol.target_rule,
        "seed": choice.seed,
        "facts": facts,
        "queries": picked.tolist(),
        "targets": [np.flatnonzero(row).tolist() for row in labels],
    }
    return json.dumps(content)


def read_targets(file: Path, data: RetrievalData, protocol: Protocol, key: dict[str, Any] | None = None) -> Targets:
    """What a target file holds. Raises UserError where it is none, or of other data or another protocol's rule."""
    content = load_target_file(file)
    if content["labels"] != data.label_content:
        raise UserError(f"{file} was drawn for {content['dataset']} with other labels or splits than {data.name}'s: draw it anew.")
    if content["rule"] != protocol.target_rule:
        raise UserError(
            f"{file} was drawn by another rule than protocol {protocol.name}'s ({content['rule']}): give the one it was drawn by."
        )
    queries, labels = _checked(file, content, data, protocol)
    overlap = float(((labels * data.split_labels("query")[queries]).sum(1) > 0).mean())
    facts = {"seed": content["seed"], **content["rule"], **content["facts"], "queries": len(queries), "overlap": overlap}
    return Targets(queries, labels, facts, key or {"queries": digest(queries.tolist()), "targets": digest(labels.tolist())})


def _checked(file: Path, content: dict[str, Any], data: RetrievalData, protocol: Protocol) -> tuple[np.ndarray, np.ndarray]:
    """Queries and target labels, every entry looked at: the file may have been edited."""
    available, classes = len(data.rows["query"]), data.labels.shape[1]
    labels = np.zeros((len(content["targets"]), classes), dtype=np.uint8)
    seen: set[int] = set()
    for i, (query, target) in enumerate(zip(content["queries"], content["targets"], strict=True)):
        where = f"{file}: entry {i + 1}"
        if type(query) is not int or not 0 <= query < available or query in seen:
            raise UserError(f"{where}: the query {query!r} is not one of 0 to {available - 1}, each once.")
        if not isinstance(target, list) or not all(type(one) is int and 0 <= one < classes for one in target):
            raise UserError(f"{where}: the target {target!r} is not a list of classes 0 to {classes - 1}.")
        seen.add(query)
        labels[i, target] = 1
        own = data.labels[data.rows["query"][query]]
        if protocol.disjoint and (not target or bool(labels[i] @ own)):
            raise UserError(f"{where}: protocol {protocol.name} wants a target that has a class and shares none with its query.")
    return np.array(content["queries"], dtype=np.int64), labels


def load_target_file(file: Path) -> dict[str, Any]:
    """A target file as it was written."""
    content: dict[str, Any] = read_json(file, "target file", LARGEST)
    wanted: dict[str, type] = dict.fromkeys(("schema", "seed"), int) | dict.fromkeys(("dataset", "labels"), str)
    wanted |= dict.fromkeys(("rule", "facts"), dict) | dict.fromkeys(("queries", "targets"), list)
    sound = isinstance(content, dict) and all(isinstance(content.get(name), kind) for name, kind in wanted.items())
    if not sound or not content["queries"] or len(content["queries"]) != len(content["targets"]):
        raise UserError(f"{file} is not a target file: make one with hashbench targets make.")
    if content["schema"] != SCHEMA:
        raise UserError(f"{file} has schema {content['schema']}; this hashbench reads {SCHEMA}.")
    return content


def class_distances(loaded: Loaded, picked: np.ndarray) -> np.ndarray:
    """(Q, C) Euclidean distances of queries to the mean database image of each class, at 32 px; nan for a class without any."""
    small = thumbnails(loaded)
    database, labels = small[loaded.data.rows["database"]], loaded.data.split_labels("database").astype(np.float32)
    counts = labels.sum(0)
    means = (labels.T @ database) / np.maximum(counts, 1)[:, None]
    queries = small[loaded.data.rows["query"][picked]]
    distances: np.ndarray = np.linalg.norm(queries[:, None] - means[None], axis=2)
    distances[:, counts == 0] = np.nan
    return distances
