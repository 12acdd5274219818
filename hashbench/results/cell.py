"""The result of one cell: where it stands, how it was made, what was measured."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

import numpy as np
from pydantic import Field

from hashbench.results.provenance import About, Provenance, Value
from hashbench.typing import JsonValue, Norm

SCHEMA = 5
"""Of a cell's file and of run.json. 1 had no number, and no `environment` in `made`; 2 no `epsilon` among the names, and no
`plugins` in `made`; 3 a flat `cell` with the label of the `victim` instead of `at` with source and target; 4 no `norm`,
and in `t_map_share` what is `t_map_share_best_aim` now. All stay readable."""
Name = str | int | float


class HasherName(Value):
    """The name of a hasher within a run."""

    hasher: str
    backbone: str
    bits: int

    @property
    def label(self) -> str:
        """Hasher, backbone and bits, which the name of a finished hasher may end in already: dpsh@shapes-dpsh-convnet-32."""
        ending = f"-{self.backbone}-{self.bits}"
        return self.hasher.removesuffix(ending) + ending


class Coordinates(Value):
    """The coordinates of a cell within its run."""

    dataset: str
    source: HasherName
    """The hasher that the images were made on."""
    attack: str
    target: HasherName
    """The hasher that they are scored on."""
    protocol: str
    seed: int
    epsilon: float
    norm: Norm = "linf"

    @property
    def white_box(self) -> bool:
        """Whether the images are scored on the hasher they were made on."""
        return self.source == self.target

    @cached_property
    def columns(self) -> dict[str, Name]:
        """As the first columns of tables; the hasher's are those of the source."""
        return {
            "dataset": self.dataset,
            **self.source.model_dump(),
            "attack": self.attack,
            "target": self.target.label,
            "protocol": self.protocol,
            "seed": self.seed,
            "epsilon": self.epsilon,
            "norm": self.norm,
        }


NAMES = ("dataset", "hasher", "backbone", "bits", "attack", "target", "protocol", "seed", "epsilon", "norm")
COLUMNS = (*NAMES, "metric", "value", "low", "high")


class Measured(Value):
    """One metric of a cell."""

    metric: str
    value: float | None
    low: float | None = None
    """The ends of the 95 % bootstrap interval over queries; None where there is no such thing."""
    high: float | None = None


class Flag(Value):
    """A sign that a number is not what it seems: its name, and a sentence."""

    flag: str
    says: str


Status = Literal["ok", "error", "skipped"]
"""'error': the attack or another plugin crashed; 'skipped': it can't run."""


class CellFile(Value):
    """A cell's JSON file: all but arrays and times, so that it repeats byte for byte."""

    schema_: int = Field(default=SCHEMA, alias="schema")
    at: Coordinates
    status: Status
    reason: str = ""
    """Why it has no number."""
    rows: list[Measured] = Field(default_factory=list)
    flags: list[Flag] = Field(default_factory=list)
    made: Provenance | None = None
    checked: str = ""
    """How far others checked it: 'verified', or on how many images; nothing that its sender says of itself counts."""


@dataclass(frozen=True)
class CellResult:
    """The result of one cell: its numbers, or the reason why it has none."""

    at: Coordinates
    status: Status
    slug: str
    reason: str = ""
    rows: tuple[Measured, ...] = ()
    timings: tuple[Measured, ...] = ()
    arrays: Mapping[str, np.ndarray] = field(default_factory=dict)
    made: Provenance | None = None
    """None where it has no number."""
    flags: tuple[Flag, ...] = ()
    run: str = ""
    """The run it is of, where several runs read together have other results of this attack in this setting."""
    checked: str = ""
    """Of a result that others sent: 'self-reported', or how far it was verified."""

    @property
    def names(self) -> dict[str, Name]:
        """The columns of `NAMES`."""
        return self.at.columns

    @property
    def white_box(self) -> bool:
        """Whether the images are scored on the hasher they were made on."""
        return self.at.white_box

    @property
    def label(self) -> str:
        """The attack's name in its setting."""
        return f"{self.at.attack} ({self.run})" if self.run else self.at.attack

    @property
    def cause(self) -> str:
        """Why it has no number, in a line: of a traceback, the exception with the first line of its message."""
        lines = self.reason.strip().splitlines()
        frames = [i for i, line in enumerate(lines) if line.startswith("  File ")]
        after = lines[frames[-1] :] if frames else lines
        return next((line for line in after if line and not line.startswith(" ")), self.status)

    def row(self, metric: str) -> Measured | None:
        """A metric, times among them; None where the cell has none."""
        return next((row for row in (*self.rows, *self.timings) if row.metric == metric), None)

    def value(self, metric: str) -> float | None:
        """A metric's value, or None."""
        row = self.row(metric)
        return None if row is None else row.value

    def option(self, name: str, plugin: str = "attack") -> JsonValue:
        """A resolved option; None where the plugin has none of that name or the cell no number."""
        return None if self.made is None else self.made.options.get(plugin, {}).get(name)

    def about(self, plugin: str = "attack") -> About:
        """What a plugin says of itself; nothing where the cell has no such plugin, or no number."""
        return About() if self.made is None else self.made.plugins.get(plugin, About())

    def json(self) -> str:
        """The cell's file."""
        rows, flags = list(self.rows), list(self.flags)
        kept = CellFile(
            at=self.at, status=self.status, reason=self.reason, rows=rows, flags=flags, made=self.made, checked=self.checked
        )
        return json.dumps(kept.model_dump(by_alias=True), sort_keys=True, indent=1)
