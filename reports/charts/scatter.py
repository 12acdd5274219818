"""Trade-offs: t-MAP against what it costs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes

from .look import Chart, Look, frame, logarithmic, marker, series

Point = tuple[float, float, float | None, float | None]
"""x, y, and the ends of y's interval."""


def scatter(title: str, about: str, across: str, up: str, points: Mapping[str, Sequence[Point]], log: bool = False) -> Chart:
    """A marker a name."""

    def draw(axes: Axes, look: Look) -> None:
        for i, (name, found) in enumerate(points.items()):
            axes.plot(
                [point[0] for point in found],
                [point[1] for point in found],
                linestyle="none",
                marker=marker(i),
                markersize=0.65 * look.size,
                alpha=0.85,
                label=name,
                **series(i),
            )
            for x, _, low, high in found:
                if low is not None and high is not None:
                    axes.plot([x, x], [low, high], linewidth=0.9, alpha=0.7, **series(i))
        if log:
            logarithmic(axes)
        frame(axes, across, up)

    return Chart(title, about, draw, 0.78 + 0.02 * max(0, len(points) - 6))
