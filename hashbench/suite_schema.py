"""What a suite's TOML may hold."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from hashbench.errors import UserError


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _Row(_Strict):
    label: str = ""
    attack: str | None = None
    metric: str | None = None


class _Show(_Strict):
    """A table or figure: metrics as rows and hashers as columns; attacks as rows and measures as columns; a transfer matrix;
    precision-recall curves; retrieved images; measures over an option's values."""

    kind: Literal["rows", "measures", "matrix", "curves", "retrieved", "sweep"]
    rows: list[_Row] = Field(min_length=1)
    measures: list[Literal["t_map", "rms", "seconds_per_image"]] = Field(default_factory=list)
    option: str | None = None

    @model_validator(mode="after")
    def _whole(self) -> _Show:
        if self.kind == "rows" and any(row.metric is None for row in self.rows):
            raise ValueError("each row of kind 'rows' needs a metric")
        if self.kind != "rows" and any(row.attack is None for row in self.rows):
            raise ValueError(f"each row of kind '{self.kind}' needs an attack")
        if self.kind in ("measures", "sweep") and not self.measures:
            raise ValueError(f"kind '{self.kind}' needs measures")
        if self.kind == "sweep" and self.option is None:
            raise ValueError("kind 'sweep' needs an option")
        return self


class _Quick(_Strict):
    note: str = ""
    run: dict[str, Any] = Field(default_factory=dict)
    attacks: dict[str, str] = Field(default_factory=dict)


class _Content(_Strict):
    title: str
    about: str
    suites: list[str] = Field(default_factory=list)
    run: dict[str, Any] = Field(default_factory=dict)
    attacks: dict[str, str] = Field(default_factory=dict)
    show: list[_Show] = Field(default_factory=list)
    quick: _Quick = Field(default_factory=_Quick)

    @model_validator(mode="after")
    def _whole(self) -> _Content:
        if not self.suites and not (self.attacks and self.show):
            raise ValueError("it needs [attacks] and a [[show]], or a list of suites")
        named = {row.attack for show in self.show for row in show.rows if row.attack is not None}
        unknown = sorted(named - set(self.attacks))
        if unknown:
            raise ValueError(f"a row names the attack '{unknown[0]}', which is not under [attacks]")
        return self


def checked(name: str, content: dict[str, Any]) -> dict[str, Any]:
    """A suite's content, whole and of known shape. Raises UserError that says what is wrong and where."""
    try:
        return _Content.model_validate(content).model_dump(exclude_none=True)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise UserError(f"{name}: {where + ': ' if where else ''}{first['msg'].removeprefix('Value error, ')}.") from error
