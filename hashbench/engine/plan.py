"""From a configuration to cells: their product, with every name, option and size checked before any work."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from itertools import product
from pathlib import Path
from typing import Any

from hashbench.budget import Budget
from hashbench.configure import fraction
from hashbench.engine.aiming import AttackChoice
from hashbench.engine.choosing import choose, choose_attack, choose_backbone, choose_source
from hashbench.engine.context import Chosen
from hashbench.engine.imported import victim_choice
from hashbench.engine.store import digest
from hashbench.engine.targets import load_target_file
from hashbench.engine.victims import HasherChoice
from hashbench.errors import UserError
from hashbench.plugin import options_of
from hashbench.protocol_file import protocol_of

BITS = range(1, 257)


@dataclass(frozen=True)
class Config:
    """What `hashbench run` was asked for, as text and numbers. Lists multiply into cells."""

    attacks: Sequence[str]
    hashers: Sequence[str] = ("dpsh",)
    victims: Sequence[str] = ()
    """Folders of imported hashers, attacked beside those that are trained."""
    backbones: Sequence[str] = ()
    bits: Sequence[int] = (32,)
    datasets: Sequence[str] = ("shapes",)
    protocols: Sequence[str] = ("harmonised",)
    seeds: Sequence[int] = (0,)
    benchmarks: Sequence[str] = ("targeted", "perceptibility", "timing", "gallery")
    reports: Sequence[str] = ("html",)
    data: str | None = None
    split: str | None = None
    skip_broken: bool = False
    weights: str | None = None
    image_size: int | None = None
    preset: str | None = None
    epsilons: Sequence[str] = ("8/255",)
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
            "epsilon": self.choice.budget.epsilon,
        }

    @property
    def title(self) -> str:
        """The cell in a line."""
        choice = self.choice
        return f"{choice.attack.text} on {self.victim.label}, {self.victim.source.name}, epsilon {choice.budget.text}"

    @property
    def slug(self) -> str:
        """A file name: readable, and unique by a hash of the names."""
        names = self.names
        text = "-".join(
            str(names[key]).partition("[")[0] for key in ("dataset", "hasher", "backbone", "bits", "attack", "protocol")
        )
        readable = "".join(char if char.isalnum() or char == "-" else "_" for char in text)
        choice = self.choice
        given = [options_of(self.victim.source.dataset.plugin), options_of(self.victim.backbone.plugin)]
        apart = [
            names,
            given,
            self.preset,
            choice.budget.epsilon,
            choice.queries,
            self.victim.source.image_size,
            asdict(choice.protocol),
        ]
        return f"{readable}-{digest([*apart, *_card(self)])[:6]}"


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
        return digest([self.asked, contents, [[cell.names, asdict(cell.choice.protocol), *_card(cell)] for cell in self.cells]])


def _card(cell: Cell) -> list[str]:
    """What tells a cell apart whose hasher was imported."""
    return [] if cell.victim.imported is None else [cell.victim.imported.card_sha256]


def make_plan(config: Config) -> Plan:
    """Check a configuration and multiply it out. Raises UserError before anything is written."""
    budgets = list(dict.fromkeys(Budget(fraction(text, "epsilon")) for text in config.epsilons))
    if any(not budget.epsilon for budget in budgets):
        raise UserError("epsilon is 0: give a value in (0, 1], such as 8/255.")
    if config.queries is not None and config.queries < 1:
        raise UserError(f"--queries is {config.queries}: give at least 1, or leave it out for all.")
    if config.queries is not None and config.targets is not None:
        raise UserError("--targets names its queries: leave --queries out.")
    _check_numbers(config)
    if not config.attacks:
        raise UserError("nothing to run: give at least one --attack; hashbench list attacks shows them.")
    protocols = list(dict.fromkeys(protocol_of(text) for text in config.protocols))
    if len({protocol.name for protocol in protocols}) < len(protocols):
        raise UserError("two protocols of this run have one name: give each its own.")
    targets = None if config.targets is None else Path(config.targets)
    cells = []
    for dataset in config.datasets:
        for victim, preset in _victims(config, dataset):
            for protocol, budget, attack in product(protocols, budgets, config.attacks):
                chosen, aim = choose_attack(attack, preset, victim.source)
                cells.append(Cell(AttackChoice(victim, chosen, aim, budget, protocol, config.queries, targets), victim, preset))
    for victim in {cell.victim for cell in cells if cell.victim.imported}:
        alike = {cell.victim for cell in cells if cell.victim.label == victim.label and cell.victim.source == victim.source}
        if len({other.imported for other in alike}) > 1:
            raise UserError(f"two hashers of this run are called '{victim.label}': import one under another name with --name.")
    if config.transfer:
        travelling = _transfers(cells)
        if not travelling:
            raise UserError("--transfer needs several hashers of a dataset: give more than one --bits, --backbone or --hasher.")
        cells += travelling
    return Plan(
        config.asdict(),
        tuple(dict.fromkeys(cells)),
        tuple(choose("benchmarks", name, None) for name in config.benchmarks),
        tuple(choose("reports", name, None) for name in config.reports),
    )


def one_hasher(config: Config) -> HasherChoice:
    """The hasher of a configuration that names one. Raises UserError before anything is written."""
    _check_numbers(config)
    (choice, _) = next(_victims(config, config.datasets[0]))
    return choice


def _check_numbers(config: Config) -> None:
    if config.batch_size < 1:
        raise UserError(f"--batch-size is {config.batch_size}: give at least 1.")
    if any(seed < 0 for seed in config.seeds):
        raise UserError(f"--seed is {min(config.seeds)}: give 0 or more.")
    wrong = [count for count in config.bits if count not in BITS]
    if wrong:
        raise UserError(f"--bits is {wrong[0]}: give 1 to {BITS[-1]}.")


def _victims(config: Config, dataset: str) -> Iterator[tuple[HasherChoice, str]]:
    """Every hasher of a dataset that is attacked: trained here by the product of the options, then imported; and the preset."""
    source, preset = choose_source(
        dataset, config.data, config.preset, config.image_size, config.split, skip_broken=config.skip_broken
    )
    backbones = config.backbones or (source.dataset.plugin.default_backbone,)
    for method, backbone, bits, seed in product(config.hashers, backbones, config.bits, config.seeds):
        trunk = choose_backbone(backbone, preset, source, config.weights)
        yield HasherChoice(source, choose("hashers", method, preset), trunk, bits, seed), preset
    for folder in config.victims:
        yield victim_choice(Path(folder), source, config.image_size is not None), preset


def _transfers(cells: Sequence[Cell]) -> list[Cell]:
    """Every attack of `cells` on every other hasher of the same dataset and seed."""
    victims = list(dict.fromkeys(cell.victim for cell in cells))
    return [
        Cell(cell.choice, victim, cell.preset)
        for cell in cells
        for victim in victims
        if victim != cell.victim and victim.source == cell.victim.source and victim.seed == cell.victim.seed
    ]
