"""What a program hands to `hashbench.attack`, looked at before it is used."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from functools import cache

import numpy as np
import torch
from torch import Tensor, nn

from hashbench.contracts.goal import Goal
from hashbench.contracts.hasher import Hasher
from hashbench.contracts.model import Model
from hashbench.contracts.run import Run
from hashbench.contracts.split import Split
from hashbench.contracts.victim import LabelledCodes
from hashbench.data.codes import as_codes
from hashbench.engine.models.foreign import Live, foreign
from hashbench.engine.stages.codes import hash_pixels
from hashbench.errors import UserError

Labelled = tuple[Tensor | np.ndarray, Tensor | np.ndarray]


def to_floats(images: Tensor) -> Tensor:
    """uint8 images as floats in [0, 1]."""
    return images.float() / 255


def as_images(images: Tensor) -> Tensor:
    """Floats in [0, 1]. Raises UserError for anything that is no batch of images."""
    if not isinstance(images, Tensor) or images.dim() != 4 or images.shape[1] != 3 or not len(images):
        raise UserError("images are a tensor (B, 3, H, W): uint8, or floats in [0, 1].")
    if images.dtype == torch.uint8:
        return to_floats(images)
    if not images.is_floating_point() or not 0 <= float(images.min()) <= float(images.max()) <= 1:
        raise UserError("images are uint8, or floats in [0, 1]: take pixel statistics off inside the model (hashbench.Model).")
    return images.float()


def as_hasher(model: nn.Module, size: int) -> Hasher:
    """A copy of the network as a hasher that is not trained on, where the network lies; itself stays as it is."""
    if isinstance(model, Model) and model.size not in (None, size):
        raise UserError(f"the model takes images of {model.size} px, and these are of {size}: resize them, or say another size.")
    if isinstance(model, Hasher) and model.bits:
        return copy.deepcopy(model).eval()
    device = next((tensor.device for tensor in (*model.parameters(), *model.buffers())), torch.device("cpu"))
    hasher = foreign(Live(model), size).again().eval()
    return hasher if device.type == "cpu" else hasher.to(device)


def goal_of(images: Tensor, target: Tensor | None, query: Tensor | None, database: Labelled | None, needed: bool) -> Goal:
    """Labels of the images and of their targets; zeros where they are not given. Raises UserError where they do not fit."""
    if target is None and needed:
        raise UserError("this attack steers to a target: give target_labels (B, C) of 0 and 1.")
    given = [None if labels is None else torch.as_tensor(labels) for labels in (query, target)]
    known = next((labels for labels in given if labels is not None and labels.dim() == 2), None)
    classes = known.shape[1] if known is not None else 1 if database is None else labelled(database, "database")[1].shape[-1]
    both = [torch.zeros(len(images), classes) if labels is None else labels for labels in given]
    for labels in both:
        if labels.shape != (len(images), classes):
            raise UserError(f"labels of shape {tuple(labels.shape)} for {len(images)} images: give (B, C) of 0 and 1.")
        check_binary(labels, "what is given")
    return Goal(both[0].to(images), both[1].to(images), tuple(range(len(images))))


def labelled(found: Labelled, name: str) -> tuple[Tensor, Tensor]:
    """Codes or images, and labels, as tensors. Raises UserError for anything but two."""
    if not isinstance(found, tuple | list) or len(found) != 2:
        raise UserError(f"{name} is no pair: give {name}=(codes or images, labels).")
    of, labels = (widened(torch.as_tensor(part)) for part in found)
    return of, labels


def widened(tensor: Tensor) -> Tensor:
    """Detached, and of a type that NumPy has: bfloat16 becomes float32."""
    detached = tensor.detach()
    return detached.float() if detached.dtype == torch.bfloat16 else detached


def check_binary(labels: Tensor, name: str) -> None:
    """Raises UserError where labels are not 0s and 1s."""
    if not ((labels == 0) | (labels == 1)).all():
        raise UserError(f"{name} holds labels other than 0 and 1: give rows of 0 and 1, a column a class.")


class References:
    """Labelled codes of the database or the training split, looked up once, when they are first asked for."""

    def __init__(
        self,
        hasher: Hasher,
        run: Run,
        found: Mapping[str, Labelled | None],
        shape: Sequence[int],
        classes: int,
    ) -> None:
        self.hasher = hasher
        self.run = run
        self.found = found
        self.shape = shape
        self.classes = classes
        self.of = cache(self._of)

    def _of(self, name: str) -> LabelledCodes:
        found = self.found[name]
        if found is None:
            raise UserError(f"this attack looks codes up: give {name}=(codes or images, labels).")
        given, labels = labelled(found, name)
        if labels.shape != (len(given), self.classes):
            raise UserError(f"{name} has labels of shape {tuple(labels.shape)} for {len(given)} rows of {self.classes} classes.")
        if given.dim() == 4 and given.shape[1:] != self.shape:
            raise UserError(f"{name} has images of {tuple(given.shape[1:])}, the attacked ones {tuple(self.shape)}.")
        if given.dim() == 4:
            codes = hash_pixels(self.hasher, as_images(given).cpu().numpy(), self.run)
        else:
            codes = torch.from_numpy(as_codes(given.cpu().numpy(), name))
        if codes.shape[1] != self.hasher.bits:
            raise UserError(f"{name} has codes of {codes.shape[1]} bits, and the model gives {self.hasher.bits}.")
        device = self.run.device
        check_binary(labels, name)
        return LabelledCodes(codes.to(device).float(), labels.to(device).float())


def split_of(train: Labelled | None) -> Split:
    """The training split; an empty one where there is none."""
    if train is None:
        return Split("none", np.zeros((0, 3, 1, 1), np.uint8), np.zeros((0, 1), np.uint8), np.arange(0))
    images, labels = (part.cpu().numpy() for part in labelled(train, "train"))
    if images.dtype != np.uint8 or images.ndim != 4 or len(images) != len(labels):
        raise UserError("train is (M, 3, H, W) uint8 images and (M, C) labels.")
    check_binary(torch.from_numpy(labels), "train")
    return Split("train", images, labels, np.arange(len(images)))
