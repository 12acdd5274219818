"""Every option that more than one command has: declared once, with one help text."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import click

from hashbench.cli.declared import Declared, Decorator
from hashbench.typing import NORMS

_CPUS = min(8, os.cpu_count() or 1)
OPTIONS = {
    "attack": Declared("--attack", "Attacks, with options as in 'dhta[steps=200]'.", "attacks", listed=True),
    "hasher": Declared("--hasher", "Hashing methods.", "hashers", default="dpsh", listed=True),
    "imported": Declared("--imported", "Hashers that were imported, or folders of hasher export, to attack.", listed=True),
    "model": Declared(
        "--model",
        "Finished networks to attack: zoo:NAME, ./file.py:load, module:load, a TorchScript or torch.export file, a toolkit's "
        "weights (deephash-pytorch:AlexNet:FILE.pth, fire:ResNet18:FILE.pth).",
        "models",
        listed=True,
    ),
    "backbone": Declared("--backbone", "Backbones.", "backbones", said="convnet on shapes, else vgg11", listed=True),
    "bits": Declared("--bits", "Code lengths, 1 to 256.", type=int, default=32, listed=True),
    "dataset": Declared("--dataset", "Datasets.", "datasets", default="shapes", listed=True),
    "protocol": Declared(
        "--protocol",
        "harmonised, published, another that hashbench targets show names, or a TOML file of your own.",
        "protocols",
        default="harmonised",
        listed=True,
    ),
    "seed": Declared("--seed", "Seeds of hashers, targets and draws.", "seeds", type=int, default=0, listed=True),
    "benchmark": Declared(
        "--benchmark", "What is measured.", "benchmarks", said="all built-in but detection and certificate", listed=True
    ),
    "report": Declared("--report", "Reports to write.", "reports", default="html", listed=True),
    "epsilon": Declared("--epsilon", "Budgets in pixel values of [0, 1].", "epsilons", default="8/255", listed=True),
    "norm": Declared(
        "--norm",
        "What budgets bound: linf, each value's change; l2, the length of an image's.",
        default="linf",
        choices=NORMS,
    ),
    "data": Declared(
        "--data",
        "The folder of a dataset that reads one, or one that holds it under the dataset's name.",
        metavar="DIR",
        envvar="HASHBENCH_DATA",
    ),
    "split": Declared("--split", "Released split files (test_img.txt, ...) of a dataset that else draws its own.", metavar="DIR"),
    "skip-broken": Declared("--skip-broken", "Leave out images that can't be read, and say so in the results.", switch=True),
    "weights": Declared("--weights", "Backbones start from: imagenet, none, or a .safetensors or .pth file.", metavar="NAME|FILE"),
    "image-size": Declared(
        "--image-size", "Side of the images in pixels.", type=int, said="32 on shapes, else 224, or 64 with quick"
    ),
    "preset": Declared(
        "--preset",
        "Less of everything, for a CPU; or the paper's sizes.",
        metavar="quick|paper",
        said="quick on shapes, else paper",
    ),
    "queries": Declared("--queries", "Attack this many queries, drawn by the seed.", type=int, said="all"),
    "transfer": Declared("--transfer", "Score each attack's images on every other hasher of the run too.", switch=True),
    "targets": Declared("--targets", "A file of hashbench targets make: its queries and targets.", metavar="FILE"),
    "batch-size": Declared("--batch-size", "Images attacked or hashed at a time.", type=int, default=64),
    "batch": Declared(
        "--batch-size",
        "Images attacked or hashed at a time, or auto: as many as fit into memory.",
        default=64,
        word="auto",
        metavar="NUMBER|auto",
    ),
    "precision": Declared(
        "--precision",
        "What networks compute in: fp32, tf32, bf16 or fp16, or by part, attacks=bf16,hashing=fp32,training=fp32; attacked "
        "images are always scored in fp32.",
        metavar="NAME|PART=NAME,...",
        default="fp32",
    ),
    "compile": Declared(
        "--compile",
        "Attacks go through the hasher's network as torch.compile makes it: faster where it is called often.",
        switch=True,
    ),
    "device": Declared("--device", "auto, cpu, or cuda:0.", default="auto"),
    "decoders": Declared("--decoders", "Threads that decode images.", type=int, default=_CPUS),
    "memory": Declared(
        "--memory",
        "How much of networks and arrays stays in memory between stages, such as 4GB.",
        metavar="SIZE",
        said="a quarter of the machine's",
    ),
    "executor": Declared(
        "--executor",
        "Who makes the stages: this process (local), or workers (dask), where --workers or --scheduler says.",
        metavar="local|dask",
        said="local, or dask with --workers or --scheduler",
    ),
    "workers": Declared("--workers", "Processes on this machine that share the work.", type=int, said="none but this one"),
    "scheduler": Declared(
        "--scheduler", "A Dask scheduler that runs already: tls://HOST:PORT, or the JSON file it wrote.", metavar="ADDRESS|FILE"
    ),
    "shard": Declared(
        "--shard",
        "Make only this share of the cells into the store, such as 0/8; run without it once all are done, for results.",
        metavar="I/N",
    ),
    "store": Declared(
        "--store",
        "Where hashers and images are kept for reuse.",
        metavar="DIR",
        envvar="HASHBENCH_STORE",
        said="HASHBENCH_HOME, or ~/.cache/hashbench",
    ),
    "cell-timeout": Declared("--cell-timeout", "Stop a cell that takes longer; the others go on.", type=float, metavar="SECONDS"),
    "out": Declared("--out", "Where results go.", metavar="DIR", said="runs/ and a name of the run's own"),
    "wait": Declared(
        "--wait",
        "How long to wait for a stage that another process makes, and for a scheduler's first worker.",
        type=float,
        metavar="SECONDS",
        default=86_400.0,
    ),
    "checkpoint-every": Declared(
        "--checkpoint-every",
        "Keep the state of long stages, so that a killed one goes on.",
        type=float,
        metavar="SECONDS",
        default=60.0,
    ),
    "deterministic": Declared("--deterministic", "Make an operation without a deterministic algorithm an error.", switch=True),
}
WHICH_HASHER = ("hasher", "backbone", "bits", "dataset", "data", "split", "skip-broken", "weights", "image-size", "preset", "seed")
"""What says which hasher."""
_SPREAD = ("executor", "workers", "scheduler", "shard")
EXECUTION = ("device", "decoders", "memory", "cell-timeout", "out", "store", "wait", "checkpoint-every", "deterministic", *_SPREAD)
"""Where and how a plan runs."""
RUNS = click.argument("runs", nargs=-1, required=True, type=click.Path(path_type=Path))
"""Folders of finished runs."""


def options(*names: str, one: bool = False, bare: bool = False, said: str = "") -> Decorator:
    """The options of these names; `one`: single values, `bare`: without defaults, which are `said` in their place."""

    def decorate(function: Callable[..., None]) -> Callable[..., None]:
        for name in reversed(names):
            declared = OPTIONS[name]
            if said and (declared.said or declared.default is not None):
                declared = replace(declared, said=said)
            function = declared.option(one, bare)(function)
        return function

    return decorate


def output(help: str, default: Path | None = None, folder: bool = False, required: bool = False) -> Decorator:
    """`--out` of a command that writes one file or folder."""
    kind = click.Path(path_type=Path, file_okay=not folder, dir_okay=folder)
    return click.option("--out", "-o", type=kind, default=default, show_default=default is not None, required=required, help=help)
