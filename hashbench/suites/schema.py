"""The schema of a suite's TOML file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from hashbench.errors import UserError
from hashbench.typing import JsonValue

Measure = Literal[
    "t_map",
    "t_map_share",
    "map_attacked",
    "rms",
    "l2",
    "ssim",
    "t_map_jpeg75",
    "robustness_targeted",
    "robustness_untargeted",
    "seconds_per_image",
    "forwards_per_image",
    "backwards_per_image",
    "fit_seconds",
    "t_map_at_100",
    "t_map_at_500",
    "t_map_at_1000",
    "t_map_at_2000",
    "t_map_at_10000",
    "map_attacked_at_100",
    "map_attacked_at_500",
    "map_attacked_at_1000",
    "map_attacked_at_2000",
    "map_attacked_at_10000",
    "questions_to_half",
    "questions_to_fit",
]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Row(_Strict):
    """A row of a table, or a line of a figure."""

    label: str = ""
    attack: str | None = None
    metric: str | None = None


class Show(_Strict):
    """A table or figure: metrics as rows and hashers as columns; attacks as rows and measures as columns; a transfer matrix;
    precision-recall curves; retrieved images; measures over an option's values; defended hashers beside what they defend."""

    kind: Literal["rows", "measures", "matrix", "curves", "retrieved", "sweep", "defences"]
    rows: list[Row] = Field(min_length=1)
    measures: list[Measure] = Field(default_factory=list)
    option: str = ""

    @model_validator(mode="after")
    def _whole(self) -> Show:
        if self.kind == "rows" and any(row.metric is None for row in self.rows):
            raise ValueError("each row of kind 'rows' needs a metric")
        if self.kind == "defences" and any(row.attack is None and row.metric is None for row in self.rows):
            raise ValueError("each row of kind 'defences' needs an attack or a metric")
        if self.kind not in ("rows", "defences") and any(row.attack is None for row in self.rows):
            raise ValueError(f"each row of kind '{self.kind}' needs an attack")
        if self.kind in ("measures", "sweep") and not self.measures:
            raise ValueError(f"kind '{self.kind}' needs measures")
        if self.kind == "sweep" and not self.option:
            raise ValueError("kind 'sweep' needs an option")
        return self


class Quick(_Strict):
    """Changes under `--preset quick`."""

    note: str = ""
    run: dict[str, JsonValue] = Field(default_factory=dict)
    attacks: dict[str, str] = Field(default_factory=dict)


class Content(_Strict):
    """A suite, or a list of suites."""

    title: str
    about: str
    suites: list[str] = Field(default_factory=list)
    run: dict[str, JsonValue] = Field(default_factory=dict)
    attacks: dict[str, str] = Field(default_factory=dict)
    show: list[Show] = Field(default_factory=list)
    quick: Quick = Field(default_factory=Quick)

    @model_validator(mode="after")
    def _whole(self) -> Content:
        if not self.suites and not (self.attacks and self.show):
            raise ValueError("it needs [attacks] and a [[show]], or a list of suites")
        named = {row.attack for show in self.show for row in show.rows if row.attack is not None}
        unknown = sorted(named - set(self.attacks))
        if unknown:
            raise ValueError(f"a row names the attack '{unknown[0]}', which is not under [attacks]")
        return self


def checked(name: str, content: Mapping[str, JsonValue]) -> Content:
    """A suite's content, whole and of known shape. Raises UserError that says what is wrong and where."""
    try:
        return Content.model_validate(content)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise UserError(f"{name}: {where + ': ' if where else ''}{first['msg'].removeprefix('Value error, ')}.") from error
