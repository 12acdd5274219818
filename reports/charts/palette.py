"""Every colour of pages and figures, in one place: a light and a dark one each."""

from __future__ import annotations

COLOURS = {
    "ink": ("#1c2430", "#e6eaf0"),
    "quiet": ("#525d6b", "#a3afbd"),
    "paper": ("#f6f8fa", "#12161c"),
    "card": ("#ffffff", "#1a2029"),
    "line": ("#d9dfe6", "#333d4a"),
    "accent": ("#00619b", "#6cc0f5"),
    "own": ("#0072b2", "#56b4e9"),
    "target": ("#b84d00", "#f0883e"),
}
"""Of pages. `own`: what shares a class with the query; `target`: with the target."""

SERIES = (
    ("#0072b2", "#56b4e9"),
    ("#c25400", "#f0883e"),
    ("#007a5a", "#33c59a"),
    ("#a8467f", "#e79ac6"),
    ("#866400", "#dcb53c"),
    ("#4d5fc1", "#9db0ff"),
    ("#7a4a3a", "#cfa08d"),
    ("#5f6670", "#aab1bb"),
)
"""Of lines and points, told apart by colour-blind readers with their markers and dashes (after Okabe and Ito)."""
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")
DASHES = ("-", (0, (5, 1.5)), (0, (1.5, 1.2)), (0, (6, 1.5, 1.5, 1.5)))


def css() -> str:
    """The palette as custom properties: --ink, ..., --s0, ..."""
    named = {**COLOURS, **{f"s{i}": pair for i, pair in enumerate(SERIES)}}
    return ":root{" + "".join(f"--{name}:light-dark({light},{dark});" for name, (light, dark) in named.items()) + "}"
