"""One entry of a result: an attack on one hasher, scored on the same or another."""

from __future__ import annotations

from dataclasses import dataclass

from hashbench.contracts.plugin import options_of
from hashbench.engine.machine.precision import Precisions
from hashbench.engine.stages.codes import CodesStage
from hashbench.engine.stages.controls import ControlsStage
from hashbench.engine.stages.hasher import HasherStage
from hashbench.engine.stages.images import AttackedCodesStage, ImagesStage
from hashbench.engine.stages.oracle import OracleStage
from hashbench.engine.stages.stage import Stage
from hashbench.engine.store.store import digest
from hashbench.errors import UserError
from hashbench.protocols.protocol import Protocol
from hashbench.results.cell import Coordinates


@dataclass(frozen=True)
class Cell:
    """Images, and the hasher they are scored on."""

    images: ImagesStage
    target: HasherStage
    protocol: Protocol
    preset: str = ""
    """The run's preset: how big everything not written out is."""

    def __post_init__(self) -> None:
        if self.source.pixels != self.target.pixels:
            raise UserError(
                f"images of {self.source.pixels.source.name} can't be scored on a hasher of {self.target.pixels.source.name}: "
                "transfer is between hashers of one dataset at one image size."
            )

    @property
    def source(self) -> HasherStage:
        """The hasher that the images are made on."""
        return self.images.attack.source

    @property
    def white_box(self) -> bool:
        """Whether the images are scored on the hasher they were made on."""
        return self.source == self.target

    @property
    def at(self) -> Coordinates:
        """The coordinates of a cell within its run."""
        attack = self.images.attack
        return Coordinates(
            dataset=self.source.pixels.source.name,
            source=self.source.called,
            attack=attack.attack.text,
            target=self.target.called,
            protocol=self.protocol.name,
            seed=self.source.seed_of_run,
            epsilon=attack.budget.epsilon,
            norm=attack.budget.norm,
        )

    @property
    def precisions(self) -> Precisions:
        """What it is computed in."""
        attack = self.images.attack
        return Precisions(attack.precision, self.target.hashing, self.target.training, attack.compiling)

    @property
    def title(self) -> str:
        """The cell in a line."""
        attack, source = self.images.attack, self.target.pixels.source
        return f"{attack.attack.text} on {self.target.label}, {source.name}, epsilon {attack.budget.text}"

    @property
    def slug(self) -> str:
        """A file name: readable, and unique by a hash of all that was asked for."""
        names = self.at.columns
        text = "-".join(
            str(names[key]).partition("[")[0] for key in ("dataset", "hasher", "backbone", "bits", "attack", "protocol")
        )
        readable = "".join(char if char.isalnum() or char == "-" else "_" for char in text)
        source = self.target.pixels.source
        made = {name: options_of(chosen.plugin) for name, chosen in self.target.plugins.items()}
        given = [options_of(source.dataset.plugin), made, self.images.targets.queries.count]
        return f"{readable}-{digest([names, given, self.preset, source.image_size, *self.apart])[:6]}"

    @property
    def apart(self) -> tuple[object, ...]:
        """Values that distinguish cells of equal names: the protocol's, the card or content of a hasher that others made, and
        precisions but fp32, and compiling."""
        lowered = [] if self.precisions == Precisions() else [self.precisions.facts, self.precisions.compiled]
        return (self.protocol.facts, *([self.target.apart] if self.target.apart else []), *lowered)

    @property
    def codes(self) -> CodesStage:
        """Codes of all images on the target hasher."""
        return CodesStage(self.target)

    @property
    def attacked_codes(self) -> AttackedCodesStage:
        return AttackedCodesStage(self.images, self.target)

    @property
    def controls(self) -> ControlsStage:
        return ControlsStage(self.target, self.images.targets.queries)

    @property
    def oracle(self) -> OracleStage:
        """The best codes for the targets on the target hasher."""
        return OracleStage(self.target, self.images.targets)

    def wanted(self) -> list[Stage[object]]:
        """The stages whose products are scored."""
        aim = [self.images.aim_codes] if self.images.aim_codes is not None and self.white_box else []
        made = [self.images, self.attacked_codes, self.controls, self.oracle]
        return [self.target.pixels, self.target, self.images.targets, self.codes, *aim, *made]


def in_order(cells: list[Cell]) -> list[Cell]:
    """Cells in the order that needs one hasher at a time: each with its own images first, then what travels, by target."""
    hashers = list(dict.fromkeys(hasher for cell in cells for hasher in (cell.source, cell.target)))
    return sorted(cells, key=lambda cell: (not cell.white_box, hashers.index(cell.target)))
