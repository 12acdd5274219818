"""Shapes in signatures. jaxtyping is a test-only dependency: without it the annotations are the plain array types."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jaxtyping import Bool, Float, Int, UInt, UInt8
else:
    try:
        from jaxtyping import Bool, Float, Int, UInt, UInt8
    except ImportError:

        class _Plain:
            def __class_getitem__(cls, item: Any) -> Any:
                return item[0]

        Bool = Float = Int = UInt = UInt8 = _Plain

__all__ = ["Bool", "Float", "Int", "UInt", "UInt8"]
