"""Types in signatures: shapes of arrays, and JSON. jaxtyping is a test-only dependency: without it shapes are plain array types."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jaxtyping import Bool, Float, Int, UInt, UInt8
    from pydantic import JsonValue
else:
    JsonValue = Any
    try:
        from jaxtyping import Bool, Float, Int, UInt, UInt8
    except ImportError:

        class _Plain:
            def __class_getitem__(cls, item: Any) -> Any:
                return item[0]

        Bool = Float = Int = UInt = UInt8 = _Plain

Facts = dict[str, JsonValue]
"""An object of JSON."""

__all__ = ["Bool", "Facts", "Float", "Int", "JsonValue", "UInt", "UInt8"]
