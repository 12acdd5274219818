"""Precision: the number formats that attacks, hashing and training compute in."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch

from hashbench.contracts.run import DTYPES, PRECISIONS, Precision
from hashbench.engine.machine.compiling import check_compiler
from hashbench.errors import UnknownName, UserError

log = logging.getLogger(__name__)

_PARTS = ("attacks", "hashing", "training")


@dataclass(frozen=True)
class Precisions:
    """Formats by what is computed in them. Images are scored in fp32 whatever they were made in."""

    attacks: Precision = "fp32"
    """The hasher's network where attacks look through it, and generators that attacks train."""
    hashing: Precision = "fp32"
    """The hasher's network where it hashes clean images."""
    training: Precision = "fp32"
    """The trunk while it is trained, with weights in fp32."""
    compiled: bool = False
    """Whether attacks look through the hasher's network as torch.compile makes it."""

    @classmethod
    def of(cls, text: str, compiled: bool = False) -> Precisions:
        """From 'bf16', for all three, or 'attacks=bf16,hashing=fp32'. Raises UserError."""
        parts = [part.strip().partition("=") for part in text.split(",")]
        if len(parts) == 1 and not parts[0][1]:
            given = {name: precision_of(parts[0][0]) for name in _PARTS}
        else:
            given = {_one_of("precision's part", name, _PARTS): precision_of(value) for name, _, value in parts}
        if given.get("training") == "fp16":
            raise UserError("training in fp16 loses small gradients: give --precision attacks=fp16,hashing=fp16, or bf16.")
        attacks, hashing, training = (given.get(name, "fp32") for name in _PARTS)
        return cls(attacks, hashing, training, compiled)

    @property
    def facts(self) -> dict[str, str]:
        """The formats, for JSON."""
        return {name: getattr(self, name) for name in _PARTS}

    def check(self, device: torch.device) -> None:
        """Raise UserError for a format that the device does not compute in, and where networks can't be compiled for it."""
        if self.compiled:
            check_compiler(device)
        for precision in sorted(set(self.facts.values()) - {"fp32"}):
            if not _computes(precision, device):
                raise UserError(f"{device} does not compute in {precision}: give another --precision or --device.")
            if device.type == "cpu" and torch.backends.cpu.get_cpu_capability() in ("DEFAULT", "NO AVX", "AVX2"):
                log.warning("this processor has no instructions for %s and will be slower in it than in fp32", precision)


@contextmanager
def rounding(precision: Precision) -> Iterator[None]:
    """Products of fp32 numbers rounded to tf32 on GPUs that can, or not at all; torch's default rounds those of convolutions."""
    new = hasattr(torch.backends.cuda.matmul, "fp32_precision")  # torch 2.9; the two ways of saying it do not mix
    name, value = ("fp32_precision", "tf32" if precision == "tf32" else "ieee") if new else ("allow_tf32", precision == "tf32")
    places = (torch.backends.cuda.matmul, getattr(torch.backends.cudnn, "conv", torch.backends.cudnn))
    before = [getattr(place, name) for place in places]
    for place in places:
        setattr(place, name, value)
    try:
        yield
    finally:
        for place, was in zip(places, before, strict=True):
            setattr(place, name, was)


def precision_of(text: str) -> Precision:
    """A format by its name. Raises UnknownName."""
    return _one_of("precision", text, PRECISIONS)  # type: ignore[return-value]


def _one_of(what: str, text: str, names: tuple[str, ...]) -> str:
    if text not in names:
        raise UnknownName(what, text, names)
    return text


def _computes(precision: str, device: torch.device) -> bool:
    """Whether a convolution has a forward and a backward in it there."""
    if precision == "tf32":
        return device.type == "cuda" and torch.cuda.get_device_capability(device) >= (8, 0)
    dtype = DTYPES[precision]
    try:
        network = torch.nn.Conv2d(3, 8, 3, device=device, dtype=dtype)
        images = torch.zeros(1, 3, 8, 8, device=device, dtype=dtype, requires_grad=True)
        torch.autograd.grad(network(images).float().sum(), images)
    except RuntimeError:
        return False
    return True
