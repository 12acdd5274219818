"""What a hasher's outputs mean, and what is no hasher is said in a sentence."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from foreigners import file_of, run
from torch import nn

from hashbench.api import Model


def test_outputs_of_each_kind_give_the_codes_they_mean() -> None:
    class As(nn.Module):
        def __init__(self, values: torch.Tensor) -> None:
            super().__init__()
            self.values = values

        def forward(self, images: torch.Tensor) -> torch.Tensor:
            return self.values

    logits = torch.tensor([[-3.0, 0.0, 0.2, 40.0]])
    for outputs, given in (("logits", logits), ("tanh", logits.tanh()), ("probability", (2 * logits).sigmoid())):
        made = Model(As(given), outputs=outputs)(torch.zeros(1, 3, 4, 4))
        assert torch.isfinite(made).all() and (made >= 0).tolist() == [[False, True, True, True]]
        assert torch.allclose(made[:, :3], logits[:, :3], atol=1e-5)


BAD = {
    "def load():\n    raise ValueError('no weights at home')": "could not be loaded: ValueError: no weights at home",
    "def load():\n    return nn.Conv2d(3, 4, 3)": "a hasher gives (4, bits)",
    "def load():\n    return 3": "is a torch.nn.Module, not of type int",
    "def lod():\n    return 3": "has no 'load'",
    "import gone": "could not be imported: ModuleNotFoundError",
    "def load():\n    m = nn.Sequential(nn.Flatten(), nn.Linear(3072, 8))\n    m[1].weight.data[0, 0] = float('nan')\n    return m": "not finite",
    "def load():\n    return nn.Sequential(nn.Flatten(), nn.Linear(3072, 8))": "other weights each time it is loaded",
    "def load():\n    return nn.Sequential(nn.Flatten(), nn.Linear(3072, 300))": "1 to 256 bits",
    "def load():\n    return nn.Sequential(nn.Flatten(), nn.Linear(300, 8))": "fails on 4 images of 32 px (RuntimeError",
    "from hashbench.api import Model\ndef load():\n    return Model(nn.Flatten(), outputs='probabilities')": "give 'logits', 'tanh' or",
    "from hashbench.api import Model\ndef load():\n    return Model(nn.Flatten(), size=64)": "--image-size out",
    "from hashbench.api import Model\ndef load():\n    return Model(nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten()), mean=(9.0, 9.0, 9.0), outputs='tanh')": "not in [-1, 1]",
}


@pytest.mark.parametrize("body", BAD)
def test_what_is_no_hasher_is_said_in_a_sentence(body: str, tmp_path: Path) -> None:
    done = run(tmp_path, file_of(tmp_path, body), "--attack", "noise", "--image-size", "32")
    assert done.returncode == 2 and BAD[body] in done.stderr.splitlines()[-1] and "Traceback" not in done.stderr
