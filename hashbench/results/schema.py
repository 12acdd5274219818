"""The JSON schema of result files, for those who write them by other programs."""

from __future__ import annotations

from pydantic import BaseModel

from hashbench.results.cell import SCHEMA, CellFile
from hashbench.results.run import RunFacts
from hashbench.typing import Facts


def json_schema() -> Facts:
    """One JSON schema with a definition for `run.json` and one for the files below `cells/`."""
    kinds: dict[str, type[BaseModel]] = {"run.json": RunFacts, "cells/*.json": CellFile}
    definitions: Facts = {}
    properties: Facts = {}
    for name, kind in kinds.items():
        made = kind.model_json_schema(ref_template="#/$defs/{model}")
        definitions |= made.pop("$defs", {}) | {kind.__name__: made}
        properties[name] = {"$ref": f"#/$defs/{kind.__name__}"}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"Results of hashbench, schema {SCHEMA}",
        "type": "object",
        "properties": properties,
        "$defs": definitions,
    }
