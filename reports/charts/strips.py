"""Queries, their adversarial twins and what each retrieves (Figure 3), as one picture."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from ..pictures.encoding import AMPLIFY, amplified
from ..pictures.gallery import Image, Strip
from .look import Chart, Look
from .palette import COLOURS


def strips(title: str, about: str, samples: Sequence[Sequence[Strip]]) -> Chart:
    """Each sample's strips, the clean query's first; the change of its twins, amplified, beside them."""
    rows = [(strip, sample[0][1]) for sample in samples for strip in sample]
    widest = max(len(strip[2]) for strip, _ in rows) + 2.5

    def draw(axes: Axes, look: Look) -> None:
        for down, ((name, image, found), clean) in enumerate(rows):
            _picture(axes, image, 0, down)
            axes.text(-0.08, down + 0.5, name, ha="right", va="center", fontsize=look.size - 1)
            if image is not clean:
                _picture(axes, amplified(image, clean), 1, down)
            for across, (retrieved, own, target) in enumerate(found):
                _picture(axes, retrieved, across + 2.5, down)
                for there, colour, edge in ((own, COLOURS["own"][0], 0.0), (target, COLOURS["target"][0], 0.89)):
                    if there:
                        axes.add_patch(Rectangle((across + 2.5 + edge, down), 0.06, 0.95, color=colour, linewidth=0))
        axes.set(xlim=(0, widest), ylim=(len(rows), -0.35), aspect="equal")
        for at, text in ((0.475, "query"), (1.475, f"change ×{AMPLIFY}"), (2.5 + (widest - 2.5) / 2, "retrieved")):
            axes.text(at, -0.1, text, ha="center", va="bottom", fontsize=look.size - 1)
        axes.axis("off")

    return Chart(title, about, draw, len(rows) / (widest + 1.5) + 0.1, wide=True)


def _picture(axes: Axes, image: Image, x: float, y: float) -> None:
    axes.imshow(image.transpose(1, 2, 0), extent=(x, x + 0.95, y + 0.95, y), interpolation="nearest")
