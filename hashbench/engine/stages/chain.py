"""The whole chain: every kind of stage by its name."""

from __future__ import annotations

from hashbench.engine.stages.aim import AimCodesStage, AimStage
from hashbench.engine.stages.attack import AttackStage
from hashbench.engine.stages.codes import CodesStage
from hashbench.engine.stages.controls import ControlsStage
from hashbench.engine.stages.features import FeaturesStage
from hashbench.engine.stages.images import AttackedCodesStage, ImagesStage
from hashbench.engine.stages.model import ModelStage
from hashbench.engine.stages.oracle import OracleStage
from hashbench.engine.stages.pixels import PixelsStage
from hashbench.engine.stages.stage import Stage
from hashbench.engine.stages.targets import TargetsStage
from hashbench.engine.stages.trained import TrainedStage
from hashbench.engine.stages.trunk import TrunkStage

_ALL: tuple[type[Stage[object]], ...] = (
    *(PixelsStage, TrunkStage, FeaturesStage, TrainedStage, ModelStage, CodesStage, TargetsStage, AimStage, AimCodesStage),
    *(AttackStage, ImagesStage, AttackedCodesStage, OracleStage, ControlsStage),
)
STAGES = {stage.name: stage for stage in _ALL}
