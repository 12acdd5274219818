"""Target files: queries and targets, one for all attacks of a table, on any machine."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, StrictInt, ValidationError

from hashbench.data.dataset import RetrievalData
from hashbench.disk.files import no_constant, read_json
from hashbench.engine.store.store import digest
from hashbench.errors import UserError
from hashbench.protocols.protocol import Protocol
from hashbench.typing import Facts

SCHEMA = 1
LARGEST = 1 << 26
"""Bytes of a target file; one of 5,000 queries has 0.2 MB."""


class TargetFile(BaseModel):
    """A target file as it is written."""

    model_config = ConfigDict(frozen=True)
    schema_: StrictInt = Field(default=SCHEMA, alias="schema")
    dataset: str
    labels: str
    """A hash of the labels and splits that the targets were drawn for."""
    rule: Facts
    """The part of the protocol that decides on targets."""
    seed: StrictInt
    facts: Facts
    """About the draw."""
    queries: list[StrictInt] = Field(min_length=1)
    """Positions in the query split."""
    targets: list[list[StrictInt]]
    """Classes of each query's target."""


@dataclass(frozen=True)
class Targets:
    """The attacked queries and what each should be taken for."""

    queries: np.ndarray
    """(Q,) positions in the query split."""
    labels: np.ndarray
    """(Q, C) uint8 target labels."""
    facts: Facts

    @property
    def sha256(self) -> str:
        """A hash of queries and targets, the same on every machine."""
        return digest([self.queries.tolist(), self.labels.tolist()])


def target_text(data: RetrievalData, picked: np.ndarray, drawn: tuple[np.ndarray, Facts], protocol: Protocol, seed: int) -> str:
    """A target file's content."""
    labels, facts = drawn
    content = TargetFile(
        dataset=data.name,
        labels=data.label_content,
        rule=protocol.target_rule,
        seed=seed,
        facts=facts,
        queries=picked.tolist(),
        targets=[np.flatnonzero(row).tolist() for row in labels],
    )
    return json.dumps(content.model_dump(by_alias=True))


def read_targets(file: Path, data: RetrievalData, protocol: Protocol) -> Targets:
    """Queries and targets of a target file. Raises UserError where it is none, or is of other data or another protocol's rule."""
    content = load_target_file(file)
    if content.labels != data.label_content:
        raise UserError(f"{file} was drawn for {content.dataset} with other labels or splits than {data.name}'s: draw it anew.")
    if content.rule != protocol.target_rule:
        raise UserError(
            f"{file} was drawn by another rule than protocol {protocol.name}'s ({content.rule}): give the one it was drawn by."
        )
    queries, labels = _checked(file, content, data, protocol)
    overlap = float(((labels * data.split_labels("query")[queries]).sum(1) > 0).mean())
    facts: Facts = {"seed": content.seed, **content.rule, **content.facts, "queries": len(queries), "overlap": overlap}
    return Targets(queries, labels, facts)


def _checked(file: Path, content: TargetFile, data: RetrievalData, protocol: Protocol) -> tuple[np.ndarray, np.ndarray]:
    """Queries and target labels, every entry looked at: the file may have been edited."""
    available, classes = len(data.rows["query"]), data.labels.shape[1]
    labels = np.zeros((len(content.targets), classes), dtype=np.uint8)
    seen: set[int] = set()
    for i, (query, target) in enumerate(zip(content.queries, content.targets, strict=True)):
        where = f"{file}: entry {i + 1}"
        if not 0 <= query < available or query in seen:
            raise UserError(f"{where}: the query {query!r} is not one of 0 to {available - 1}, each once.")
        if not all(0 <= one < classes for one in target):
            raise UserError(f"{where}: the target {target!r} is not a list of classes 0 to {classes - 1}.")
        seen.add(query)
        labels[i, target] = 1
        own = data.labels[data.rows["query"][query]]
        if protocol.disjoint and (not target or bool(labels[i] @ own)):
            raise UserError(f"{where}: protocol {protocol.name} wants a target that has a class and shares none with its query.")
    return np.array(content.queries, dtype=np.int64), labels


def _wrong(file: Path, content: object, loc: tuple[int | str, ...]) -> str:
    """A sentence about the fault at a place of a target file."""
    if isinstance(content, dict) and len(loc) > 1 and isinstance(loc[1], int) and loc[0] in ("queries", "targets"):
        kind, wanted = ("query", "a position in the query split") if loc[0] == "queries" else ("target", "a list of classes")
        return f"{file}: entry {loc[1] + 1}: the {kind} {content[loc[0]][loc[1]]!r} is not {wanted}."
    return f"{file} is not a target file ({loc[0] if loc else 'no object'}): make one with hashbench targets make."


def load_target_file(file: Path) -> TargetFile:
    """A target file as it was written."""
    content = read_json(file, "target file", LARGEST, parse_constant=no_constant)
    schema = content.get("schema") if isinstance(content, dict) else None
    if type(schema) is int and schema != SCHEMA:
        raise UserError(f"{file} has schema {schema}; this hashbench reads {SCHEMA}.")
    try:
        made = TargetFile.model_validate(content)
    except ValidationError as error:
        raise UserError(_wrong(file, content, error.errors()[0]["loc"])) from error
    if len(made.queries) != len(made.targets):
        raise UserError(f"{file} is not a target file (it has as many targets as queries): make one with hashbench targets make.")
    return made
