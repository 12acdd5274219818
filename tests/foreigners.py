"""Networks that hashbench did not train, in files, and a run of one."""

from __future__ import annotations

from pathlib import Path

import torch
from helpers import hashbench
from torch import nn

DATA = "shapes[train=64,database=128,queries=8]"


def run(folder: Path, model: str, *more: str) -> object:
    common = ("--dataset", DATA, "--out", str(folder / "out"), "--store", str(folder / "store"), "--report", "csv")
    return hashbench("run", "--model", model, *common, *more)


def file_of(folder: Path, body: str, name: str = "mine.py") -> str:
    (folder / name).write_text("import torch\nfrom torch import nn\n" + body)
    return f"{folder / name}:load"


def small() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(3, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU(), nn.AdaptiveAvgPool2d(4), nn.Flatten(), nn.Linear(64, 16)
    ).eval()
