"""Options that several commands have."""

from __future__ import annotations

import os

import click

DATA = click.option(
    "--data",
    metavar="DIR",
    envvar="HASHBENCH_DATA",
    help="The folder of a dataset that reads one, or one that holds it under the dataset's name.",
)
SPLIT = click.option(
    "--split", metavar="DIR", help="Released split files (test_img.txt, ...) of a dataset that else draws its own."
)
WEIGHTS = click.option(
    "--weights", metavar="NAME|FILE", help="Backbones start from: imagenet, none, or a .safetensors or .pth file."
)
STORE = click.option(
    "--store",
    metavar="DIR",
    envvar="HASHBENCH_STORE",
    help="Where hashers and images are kept for reuse.  [default: HASHBENCH_HOME, or ~/.cache/hashbench]",
)
DEVICE = click.option("--device", default="auto", show_default=True, help="auto, cpu, or cuda:0.")
WORKERS = click.option(
    "--workers", type=int, default=min(8, os.cpu_count() or 1), show_default="CPUs, up to 8", help="Threads that decode images."
)
