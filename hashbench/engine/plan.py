"""From a configuration to cells: their product, with every name, option and size checked before any work."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from itertools import product
from pathlib import Path
from typing import Any

import torch

from hashbench import registry
from hashbench.attack import aim_of
from hashbench.budget import Budget
from hashbench.configure import configure, fraction
from hashbench.engine.aiming import AttackChoice
from hashbench.engine.context import Chosen
from hashbench.engine.sources import Source
from hashbench.engine.store import digest
from hashbench.engine.targets import load_target_file
from hashbench.engine.victims import HasherChoice
from hashbench.errors import UnknownName, UserError
from hashbench.protocol_file import protocol_of
from hashbench.spec import parse_spec

RUN_PRESETS = ("quick", "paper")
BITS = range(1, 257)


@dataclass(frozen=True)
class Config:
    """What `hashbench run` was asked for, as text and numbers. Lists multiply into cells."""

    attacks: Sequence[str]
    hashers: Sequence[str] = ("dpsh",)
    backbones: Sequence[str] = ()
    bits: Sequence[int] = (32,)
    datasets: Sequence[str] = ("shapes",)
    protocols: Sequence[str] = ("harmonised",)
    seeds: Sequence[int] = (0,)
    benchmarks: Sequence[str] = ("targeted", "perceptibility", "timing", "gallery")
    reports: Sequence[str] = ("html",)
    data: str | None = None
    image_size: int | None = None
    preset: str | None = None
    epsilon: str = "8/255"
    queries: int | None = None
    targets: str | None = None
    batch_size: int = 64
    transfer: bool = False

    def asdict(self) -> dict[str, Any]:
        """For JSON."""
        return {key: list(value) if isinstance(value, tuple) else value for key, value in asdict(self).items()}


@dataclass(frozen=True)
class Cell:
    """One entry of the result: an attack on a hasher, scored on a victim."""

    choice: AttackChoice
    victim: HasherChoice
    preset: str = ""
    """The run's preset: how big everything not written out is."""

    def __post_init__(self) -> None:
        if self.choice.victim.source != self.victim.source:
            raise UserError(
                f"images of {self.choice.victim.source.name} can't be scored on a hasher of {self.victim.source.name}: "
                "transfer is between hashers of one dataset at one image size."
            )

    @property
    def names(self) -> dict[str, Any]:
        """The columns that tell cells apart."""
        hasher = self.choice.victim
        return {
            "dataset": hasher.source.name,
            "hasher": hasher.method.text,
            "backbone": hasher.backbone.text,
            "bits": hasher.bits,
            "attack": self.choice.attack.text,
            "victim": self.victim.label,
            "protocol": self.choice.protocol.name,
            "seed": hasher.seed,
        }

    @property
    def slug(self) -> str:
        """A file name: readable, and unique by a hash of the names."""
        names = self.names
        text = "-".join(
            str(names[key]).partition("[")[0] for key in ("dataset", "hasher", "backbone", "bits", "attack", "protocol")
        )
        readable = "".join(char if char.isalnum() or char == "-" else "_" for char in text)
        choice = self.choice
        apart = [names, self.preset, choice.budget.epsilon, choice.queries, self.victim.source.image_size, asdict(choice.protocol)]
        return f"{readable}-{digest(apart)[:6]}"


@dataclass(frozen=True)
class Plan:
    """All cells of a run and how they are measured and reported."""

    asked: Mapping[str, Any]
    """What the run was asked for: a `Config` as JSON, or several by suite."""
    cells: tuple[Cell, ...]
    benchmarks: tuple[Chosen, ...]
    reports: tuple[Chosen, ...]
    suites: tuple[Mapping[str, Any], ...] = ()
    """Of a suite: what is shown, and of which cells."""

    @cached_property
    def key(self) -> str:
        """Equal for equal plans."""
        files = sorted({file for cell in self.cells if (file := cell.choice.target_file) is not None})
        contents = [digest(load_target_file(file)) for file in files]
        return digest([self.asked, contents, [[cell.names, asdict(cell.choice.protocol)] for cell in self.cells]])


def make_plan(config: Config) -> Plan:
    """Check a configuration and multiply it out. Raises UserError before anything is written."""
    budget = Budget(fraction(config.epsilon, "epsilon"))
    if not budget.epsilon:
        raise UserError("epsilon is 0: give a value in (0, 1], such as 8/255.")
    if config.preset is not None and config.preset not in RUN_PRESETS:
        raise UnknownName("preset", config.preset, RUN_PRESETS)
    if config.queries is not None and config.queries < 1:
        raise UserError(f"--queries is {config.queries}: give at least 1, or leave it out for all.")
    if config.queries is not None and config.targets is not None:
        raise UserError("--targets names its queries: leave --queries out.")
    if config.batch_size < 1:
        raise UserError(f"--batch-size is {config.batch_size}: give at least 1.")
    if any(seed < 0 for seed in config.seeds):
        raise UserError(f"--seed is {min(config.seeds)}: give 0 or more.")
    wrong = [bits for bits in config.bits if bits not in BITS]
    if wrong:
        raise UserError(f"--bits is {wrong[0]}: give 1 to {BITS[-1]}.")
    if not config.attacks:
        raise UserError("nothing to run: give at least one --attack; hashbench list attacks shows them.")
    protocols = list(dict.fromkeys(protocol_of(text) for text in config.protocols))
    if len({protocol.name for protocol in protocols}) < len(protocols):
        raise UserError("two protocols of this run have one name: give each its own.")
    targets = None if config.targets is None else Path(config.targets)
    cells = []
    for dataset in config.datasets:
        source, preset = choose_source(dataset, config.data, config.preset, config.image_size)
        backbones = config.backbones or (source.dataset.plugin.default_backbone,)
        choices = product(config.hashers, backbones, config.bits, config.seeds, protocols, config.attacks)
        for method, backbone, bits, seed, protocol, attack in choices:
            victim = HasherChoice(source, _choose("hashers", method, preset), _backbone(backbone, preset, source), bits, seed)
            chosen, aim = _attack(attack, preset, source)
            cells.append(Cell(AttackChoice(victim, chosen, aim, budget, protocol, config.queries, targets), victim, preset))
    if config.transfer:
        travelling = _transfers(cells)
        if not travelling:
            raise UserError("--transfer needs several hashers of a dataset: give more than one --bits, --backbone or --hasher.")
        cells += travelling
    return Plan(
        config.asdict(),
        tuple(dict.fromkeys(cells)),
        tuple(_choose("benchmarks", name, None) for name in config.benchmarks),
        tuple(_choose("reports", name, None) for name in config.reports),
    )


def _transfers(cells: Sequence[Cell]) -> list[Cell]:
    """Every attack of `cells` on every other hasher of the same dataset and seed."""
    victims = list(dict.fromkeys(cell.victim for cell in cells))
    return [
        Cell(cell.choice, victim, cell.preset)
        for cell in cells
        for victim in victims
        if victim != cell.victim and victim.source == cell.victim.source and victim.seed == cell.victim.seed
    ]


def choose_source(text: str, data: str | None, preset: str | None = None, image_size: int | None = None) -> tuple[Source, str]:
    """The dataset `text` names, with its folder and image size, and the preset in force on it."""
    dataset = _choose("datasets", text, preset)
    preset = preset or dataset.plugin.default_preset
    small = dataset.plugin.default_size if preset == dataset.plugin.default_preset else 64
    size = image_size or small
    if size < 8:
        raise UserError(f"--image-size is {size}: give at least 8 pixels.")
    if dataset.plugin.needs_folder and data is None:
        raise UserError(f"the dataset '{text}' needs its folder: give --data DIR.")
    folder = Path(data) if data is not None and dataset.plugin.needs_folder else None
    return Source(dataset, folder, size), preset


def _backbone(text: str, preset: str, source: Source) -> Chosen:
    chosen = _choose("backbones", text, preset)
    chosen.plugin.check(source.image_size)
    return chosen


def _attack(text: str, preset: str, source: Source) -> tuple[Chosen, Chosen | None]:
    chosen = _choose("attacks", text, preset)
    chosen = Chosen(chosen.text, chosen.plugin.resolve(source.identity))
    aim = aim_of(chosen.plugin)
    if aim is None:
        return chosen, None
    inherited = parse_spec(text).options.get("preset")
    return chosen, _choose("aims", aim, preset, inherited)


def canonical(text: str) -> str:
    """A plugin's text with its options in order: what cells are named by."""
    spec = parse_spec(text)
    options = ",".join(f"{key}={value}" for key, value in sorted(spec.options.items()))
    return f"{spec.name}[{options}]" if options else spec.name


def _choose(kind: str, text: str, preset: str | None, second: str | None = None) -> Chosen:
    spec = parse_spec(text)
    if second is not None and "preset" not in spec.options and second in configured_presets(kind, spec.name):
        spec.options["preset"] = second
    return Chosen(canonical(text), configure(kind, spec, preset))


def configured_presets(kind: str, name: str) -> Sequence[str]:
    """The names of a plugin's presets."""
    return tuple(registry.load(kind, name).presets)


def pick_device(text: str) -> torch.device:
    """`auto`, `cpu`, `cuda` or `cuda:N`. Raises UserError for a device that is not there."""
    if text == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(text)
    except RuntimeError as error:
        raise UserError(f"--device is '{text}': give auto, cpu or cuda:0.") from error
    if device.type not in ("cpu", "cuda"):
        raise UserError(f"--device is '{text}': give auto, cpu or cuda:0.")
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        raise UserError(f"--device is {text}, but there are {torch.cuda.device_count()} CUDA devices here: give --device cpu.")
    return device
