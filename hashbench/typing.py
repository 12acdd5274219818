"""Types in signatures: shapes of arrays, and JSON. jaxtyping is a test-only dependency: without it shapes are plain array types."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, get_args

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

Norm = Literal["linf", "l2"]
"""What a budget bounds: each value's change, or the length of an image's."""
NORMS: tuple[Norm, ...] = get_args(Norm)
Facts = dict[str, JsonValue]
"""An object of JSON."""

__all__ = ["NORMS", "Bool", "Facts", "Float", "Int", "JsonValue", "Norm", "UInt", "UInt8"]
