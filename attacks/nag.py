"""NAG: steer a neighbourhood, not a point (Xiao and Wang, CVPR 2021)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from torch import Tensor

from hashbench.api import Iterative, Task, option

from .published import ONE_START


@dataclass(frozen=True)
class NAG(Iterative):
    """Noise-aware: the code of the image and of a noisy copy of it, so that images carry over (CVPR 2021)

    The L1 distance of relaxed codes in [-1, 1] to a code is 1 - mean f t, so both terms are the usual loss.
    """

    paper: ClassVar[str] = (
        "https://openaccess.thecvf.com/content/CVPR2021/html/Xiao_You_See_What_I_Want_You_To_See_CVPR_2021_paper.html"
    )
    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "published": {
            **ONE_START,
            "aim": "dhta",
            "steps": 32,
            "step_size": 1 / 255,
            "rule": "sign",
            "start": "image",
            "anneal": "none",
            "noise": 32 / 255,
            "weight": 1.0,
            "expects": 32 / 255,
        }
    }
    steps: int = option(32, "iterations of a start")
    noise: float = option(32 / 255, "half-width of the uniform noise, in pixel values")
    weight: float = option(1.0, "weight of the noisy copy")

    def objective(self, task: Task, images: Tensor, step: int, view: int) -> Tensor:
        draw = task.run.uniform(task.images, task.goal.indices, f"step{step} view{view} noise")
        noisy = images + self.noise * (2 * draw - 1)
        plain, shaken = (super(NAG, self).objective(task, one, step, view) for one in (images, noisy))
        return plain + self.weight * shaken
