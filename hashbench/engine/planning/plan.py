"""From a configuration to cells: their product, with every name, option and size checked before any work."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import product
from pathlib import Path

from hashbench.contracts.benchmark import Benchmark
from hashbench.contracts.budget import Budget
from hashbench.contracts.hasher import HashingMethod
from hashbench.contracts.report import Report
from hashbench.engine.choices import Chosen, Source
from hashbench.engine.models.foreign import Live, known
from hashbench.engine.models.loader import loader_of
from hashbench.engine.planning.cell import Cell
from hashbench.engine.planning.choosing import choose, choose_attack, choose_backbone, choose_source
from hashbench.engine.planning.config import Config
from hashbench.engine.publishing.imported import imported_hasher
from hashbench.engine.stages.aim import AimStage
from hashbench.engine.stages.attack import AttackStage
from hashbench.engine.stages.hasher import HasherStage
from hashbench.engine.stages.images import ImagesStage
from hashbench.engine.stages.model import ModelStage
from hashbench.engine.stages.pixels import PixelsStage
from hashbench.engine.stages.targets import TargetsStage
from hashbench.engine.stages.trained import TrainedStage
from hashbench.engine.store.store import digest
from hashbench.engine.targets.queries import Queries
from hashbench.errors import UserError
from hashbench.plugins.configure import fraction
from hashbench.plugins.spec import parse_spec
from hashbench.protocols.file import protocol_of
from hashbench.results.run import Shown
from hashbench.typing import Facts

Resolve = Callable[[Source], PixelsStage]
"""Reads a dataset's lists, and knows its files by their content."""
NONE: Mapping[str, Live] = {}


@dataclass(frozen=True)
class Plan:
    """All cells of a run and how they are measured and reported."""

    asked: Facts
    """What the run was asked for: a `Config` as JSON, or several by suite."""
    cells: tuple[Cell, ...]
    benchmarks: tuple[Chosen[Benchmark], ...]
    reports: tuple[Chosen[Report], ...]
    suites: tuple[Shown, ...] = ()

    @property
    def batch_size(self) -> int:
        """Of all its cells."""
        return self.cells[0].images.batch_size

    @property
    def models(self) -> list[str]:
        """A line about each network that hashbench did not train."""
        stages = (cell.source for cell in self.cells)
        return list(dict.fromkeys(stage.model.said for stage in stages if isinstance(stage, ModelStage)))

    @cached_property
    def key(self) -> str:
        """Equal for equal plans."""
        files = sorted({cell.images.targets.queries.file_content for cell in self.cells})
        return digest([self.asked, files, [[cell.at.columns, *cell.apart] for cell in self.cells]])


def make_plan(config: Config, resolve: Resolve, live: Mapping[str, Live] = NONE) -> Plan:
    """Check a configuration and multiply it out; `live`: models of it that the program itself holds, by name.

    Raises UserError before anything is made.
    """
    budgets = list(dict.fromkeys(Budget(fraction(text, "epsilon"), config.norm) for text in config.epsilons))
    if any(not budget.epsilon for budget in budgets):
        raise UserError("epsilon is 0: give a value in (0, 1], such as 8/255.")
    config.check_numbers()
    precisions = config.precisions
    if config.queries is not None and config.targets is not None:
        raise UserError("--targets names its queries: leave --queries out.")
    if not config.attacks:
        raise UserError("nothing to run: give at least one --attack; hashbench list attacks shows them.")
    protocols = list(dict.fromkeys(protocol_of(text) for text in config.protocols))
    if len({protocol.name for protocol in protocols}) < len(protocols):
        raise UserError("two protocols of this run have one name: give each its own.")
    _check_names(config)
    if config.batch_size == "auto":
        raise UserError("the batch size 'auto' is found for one run, not for suites: give --batch-size a number.")
    cells: list[Cell] = []
    for dataset in config.datasets:
        for source, preset in hashers_of(config, dataset, resolve, live):
            for protocol, budget, attack in product(protocols, budgets, config.attacks):
                chosen, aim = choose_attack(attack, preset, source.pixels.source)
                fitted = AttackStage(
                    source, chosen, None if aim is None else AimStage(source, aim), budget, precisions.attacks, config.compile
                )
                targets = TargetsStage(source.pixels, protocol, _queries(config, source.seed_of_run))
                cells.append(Cell(ImagesStage(fitted, targets, config.batch_size), source, protocol, preset))
    if not cells:
        raise UserError("nothing to run: a list of datasets, hashers, bits, seeds, epsilons or protocols is empty.")
    _check_apart(cells)
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


def _check_names(config: Config) -> None:
    """Raise what choosing raises for every name and option, before a data set is read."""
    for dataset in config.datasets:
        source, preset = choose_source(dataset, config.data, config.preset, config.image_size, config.split)
        for backbone in config.backbones or (source.dataset.plugin.default_backbone,):
            choose_backbone(backbone, preset, source, config.weights)
        for method in config.methods:
            choose("hashers", method, preset)
        for attack in config.attacks:
            choose_attack(attack, preset, source)
    for kind, names in (("benchmarks", config.benchmarks), ("reports", config.reports)):
        for name in names:
            choose(kind, name, None)
    for name, count in Counter(parse_spec(text).name for text in dict.fromkeys(config.benchmarks)).items():
        if count > 1:
            raise UserError(f"the benchmark {name} is asked for twice, and both would name their rows alike: give one a run.")


def hashers_of(config: Config, dataset: str, resolve: Resolve, live: Mapping[str, Live]) -> Iterator[tuple[HasherStage, str]]:
    """Every hasher of a dataset, and the preset in force: trained here by the product of the options, imported, models."""
    source, preset = _source(config, dataset)
    yield from ((hasher, preset) for hasher in _trained(config, source, preset, resolve))
    for folder in config.imported:
        stage = imported_hasher(Path(folder), source, config.image_size is not None, resolve)
        _check_bits(config, f"the hasher {Path(folder).name} has {stage.bits} bits", stage.bits)
        yield from ((replace(stage, seed_of_run=seed, hashing=config.precisions.hashing), preset) for seed in config.seeds)
    yield from ((hasher, preset) for hasher in _models(config, source, resolve, live))


def one_hasher(config: Config, resolve: Resolve) -> HasherStage:
    """The hasher of a configuration that names one. Raises UserError before anything is made."""
    config.check_numbers()
    (choice, _) = next(hashers_of(config, config.datasets[0], resolve, NONE))
    return choice


def _source(config: Config, dataset: str) -> tuple[Source, str]:
    return choose_source(dataset, config.data, config.preset, config.image_size, config.split, skip_broken=config.skip_broken)


def _trained(config: Config, source: Source, preset: str, resolve: Resolve) -> Iterator[TrainedStage]:
    backbones, used = config.backbones or (source.dataset.plugin.default_backbone,), config.precisions
    for method, backbone, bits, seed in product(config.methods, backbones, config.bits or (32,), config.seeds):
        trunk = choose_backbone(backbone, preset, source, config.weights)
        chosen: Chosen[HashingMethod] = choose("hashers", method, preset)
        yield TrainedStage(resolve(source), bits, seed, chosen, trunk, hashing=used.hashing, training=used.training)


def _models(config: Config, source: Source, resolve: Resolve, live: Mapping[str, Live]) -> Iterator[ModelStage]:
    for text in config.models:
        model = known(live.get(text) or loader_of(text), source.image_size, config.image_size)
        bits = model.seen.bits
        _check_bits(config, f"the model {model.name} has {bits} outputs", bits)
        for seed in config.seeds:
            pixels, hashing = resolve(replace(source, image_size=model.size)), config.precisions.hashing
            yield ModelStage(pixels, bits, seed, model, hashing=hashing)


def _check_bits(config: Config, has: str, bits: int) -> None:
    """Raise UserError where all hashers are finished ones, and `bits` are not the asked ones."""
    if config.bits and not config.methods and bits not in config.bits:
        raise UserError(f"{has}, and --bits is {config.bits[0]}: leave --bits out.")


def _queries(config: Config, seed: int) -> Queries:
    return Queries(config.queries, seed) if config.targets is None else Queries.of_file(Path(config.targets), seed)


def _check_apart(cells: Sequence[Cell]) -> None:
    """Raise UserError where two hashers that others made would have one name in the results."""
    found: dict[tuple[str, PixelsStage], set[str]] = {}
    for cell in cells:
        found.setdefault((cell.target.label, cell.target.pixels), set()).add(cell.target.apart)
    for (label, _), different in found.items():
        if len(different) > 1:
            raise UserError(f"two hashers of this run are called '{label}': give one another name (its file's, or --name).")


def _transfers(cells: Sequence[Cell]) -> list[Cell]:
    """Every attack of `cells` on every other hasher of the same dataset and seed."""
    targets = list(dict.fromkeys(cell.target for cell in cells))
    return [
        Cell(cell.images, target, cell.protocol, cell.preset)
        for cell in cells
        for target in targets
        if target != cell.source and target.pixels == cell.source.pixels and target.seed_of_run == cell.source.seed_of_run
    ]
