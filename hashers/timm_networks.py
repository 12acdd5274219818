"""Any network of timm as a backbone: ViT, DINOv2, CLIP's image towers and all others by their names there."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, ClassVar

import torch

from hashbench.api import Run, Split, Trunk, UnknownName, UserError, option

from .scratch import ScratchBackbone
from .weights import SUFFIXES, load_own, sha256_of


def the_library() -> Any:
    """timm, or one sentence about how to get it."""
    try:
        import timm
    except ImportError as error:
        raise UserError("the backbone timm needs the library timm: pip install 'hashbench[timm]'.") from error
    return timm


@dataclass(frozen=True)
class Timm(ScratchBackbone):
    """A network of timm by its name there: vit_base_patch16_224, vit_small_patch14_dinov2, vit_base_patch16_clip_224, resnet50d

    Images are normalised as its card there says, unless `normalise=none`.
    """

    smallest: ClassVar[int] = 32
    paper: ClassVar[str] = "https://github.com/huggingface/pytorch-image-models"
    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {"quick": {"weights": "none"}}
    name: str = option("vit_base_patch16_224.augreg2_in21k_ft_in1k", "the network's name in timm, with its weights' tag")
    weights: str = option(
        "pretrained", "start from timm's weights (pretrained), from scratch (none), or from a .safetensors or .pth file"
    )

    def __post_init__(self) -> None:
        if self.weights not in ("pretrained", "none") and not self.weights.endswith(SUFFIXES):
            raise ValueError(f"weights is '{self.weights}': give pretrained, none, or a file that ends with {', '.join(SUFFIXES)}.")

    def build(self, image_size: int) -> Trunk:
        body = self._network(image_size, pretrained=False)
        said = the_library().data.resolve_model_data_config(body)
        statistics = (tuple(said["mean"]), tuple(said["std"])) if self.normalise == "imagenet" else self.statistics()
        with torch.no_grad():  # some have another width than they say
            width = body.eval()(torch.zeros(1, 3, image_size, image_size)).shape[1]
        return Trunk(body.train(), width, *statistics)

    def fit(self, trunk: Trunk, data: Split, run: Run) -> dict[str, Any]:
        if self.weights == "none":
            return super().fit(trunk, data, run)
        if self.weights != "pretrained":
            return load_own(trunk.body, Path(self.weights))
        try:
            trunk.body.load_state_dict(self._network(data.image_size, pretrained=True).state_dict())
        except (OSError, RuntimeError) as error:
            raise UserError(
                f"timm's weights of {self.name} could not be had ({str(error).splitlines()[0]}): give a file of them "
                "by --weights FILE, or start from scratch with --weights none."
            ) from error
        body: Any = trunk.body
        tag = body.pretrained_cfg.get("tag", "")
        digest = hashlib.sha256(b"".join(tensor.cpu().numpy().tobytes() for tensor in body.state_dict().values()))
        return {"weights": f"timm {self.name.partition('.')[0]}.{tag}", "weights_sha256": digest.hexdigest()}

    def inputs(self) -> Mapping[str, str]:
        return {} if self.weights in ("pretrained", "none") else {"weights": sha256_of(Path(self.weights))}

    def _network(self, image_size: int, pretrained: bool) -> Any:
        """The network without its classifier; transformers are made for the side of the images."""
        timm = the_library()
        if not timm.is_model(self.name):
            raise UnknownName("network of timm", self.name, get_close_matches(self.name, timm.list_models(), n=5, cutoff=0.3))
        asked = {"pretrained": pretrained, "num_classes": 0}
        try:
            return timm.create_model(self.name, img_size=image_size, **asked)
        except TypeError:  # a network that takes any side
            return timm.create_model(self.name, **asked)
