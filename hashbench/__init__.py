"""hashbench: how easily can deep-hashing image retrieval be fooled?

`run`, `attack`, `rank`, `load` and `read` are the ways in from Python; plugins are written against `hashbench.api`.
"""

import importlib
from typing import Any

__version__ = "0.1.0"
_WHERE = {
    "run": "running",
    "attack": "attacking",
    "rank": "ranking",
    "load": "loading",
    "read": "results",
    "RunResults": "results",
}
__all__ = ["Model", "RunResults", "UserError", "attack", "load", "rank", "read", "run"]


def __getattr__(name: str) -> Any:
    """Imports torch only when something is used."""
    if name in _WHERE:
        return getattr(importlib.import_module(f"hashbench.python.{_WHERE[name]}"), name)
    if name in ("Model", "UserError"):
        return getattr(importlib.import_module("hashbench.api"), name)
    raise AttributeError(f"module 'hashbench' has no attribute '{name}'")


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
