"""Any network of timm as a backbone."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import timm
import torch
import torch.nn.functional as F
from torch import nn

from hashbench.api import Backbone, Trunk, epochs, option


@dataclass(frozen=True)
class Timm(Backbone):
    """A network of timm by name, pretrained or warmed up as a classifier of the training labels"""

    smallest: ClassVar[int] = 32
    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {"quick": {"pretrained": False}}
    name: str = option("resnet18", "the network's name in timm")
    pretrained: bool = option(True, "start from timm's weights")
    warmup: int = option(12, "epochs of the classifier that a network from scratch learns first")
    rate: float = option(1e-3, "AdamW's learning rate in the warm-up")

    def build(self, image_size):
        sized = {"img_size": image_size} if "vit" in self.name else {}
        body = timm.create_model(self.name, pretrained=False, num_classes=0, **sized)
        normal = timm.data.resolve_model_data_config(body)
        return Trunk(body, body.num_features, tuple(normal["mean"]), tuple(normal["std"]))

    def fit(self, trunk, data, run):
        if self.pretrained:
            trunk.body.load_state_dict(timm.create_model(self.name, pretrained=True, num_classes=0).state_dict())
            return {"weights": f"timm {self.name}"}
        labels = data.labels.to(run.device)
        model = nn.Sequential(trunk, nn.Linear(trunk.width, labels.shape[1])).to(run.device).train()
        optimiser = torch.optim.AdamW(model.parameters(), lr=self.rate)
        for _, _, positions, images in epochs(data, self.warmup, 64, run, "warming up", model=model, optimiser=optimiser):
            loss = F.binary_cross_entropy_with_logits(model(images), labels[positions])
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            optimiser.step()
        return {"weights": "from scratch", "warmup": f"{self.warmup} epochs as a classifier of the training labels"}
