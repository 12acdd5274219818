"""A hash of a network by all that can be seen of it."""

from __future__ import annotations

import hashlib
import inspect
import textwrap
from collections.abc import Iterator
from types import CodeType, FunctionType

import torch
from torch import nn

from hashbench.contracts.model import Model
from hashbench.plugins.fingerprint import tree_of

_TORCH = ("torch", "torchvision", "builtins")
_PLAIN = (bool, int, float, str, type(None))


def content_of(model: Model, code: str) -> str:
    """A hash of a model: `code`, a hash of what loads it; its tensors; its structure as it prints itself; what its modules hold
    beside tensors; its hooks; and the sources of their classes and of those they extend."""
    digest = hashlib.sha256(f"{code}\0{model.outputs}\0{model.size}\0{model.module!r}\0".encode())
    for name, tensor in sorted([*model.named_parameters(), *model.named_buffers()]):
        plain = tensor.detach().cpu()
        digest.update(f"{name}\0{plain.dtype}\0{tuple(plain.shape)}\0".encode())
        digest.update(plain.flatten().view(torch.uint8).numpy().tobytes())
    for name, module in model.module.named_modules():
        digest.update(f"{name}\0{_beside(module)}\0".encode())
    classes = {base for module in model.module.modules() for base in type(module).__mro__}
    for cls in sorted(classes, key=lambda one: (one.__module__, one.__qualname__)):
        if cls.__module__.partition(".")[0] not in _TORCH:
            digest.update(f"{cls.__qualname__}\0{_source(cls)}\0".encode())
    return digest.hexdigest()


def _beside(module: nn.Module) -> str:
    """Plain values among a module's attributes, its hooks, and the code of a traced graph."""
    plain = {name: value for name, value in vars(module).items() if name != "training" and _is_plain(value)}
    hooks = [*getattr(module, "_forward_hooks", {}).values(), *getattr(module, "_forward_pre_hooks", {}).values()]
    graph = getattr(module, "code", "") if isinstance(module, torch.fx.GraphModule) else ""
    own = [name for name, value in vars(module).items() if isinstance(value, FunctionType)]
    functions = [_function(one) for one in (*hooks, *(vars(module)[name] for name in own))]
    return f"{sorted(plain.items())} {functions} {graph}"


def _is_plain(value: object) -> bool:
    return isinstance(value, _PLAIN) or (isinstance(value, tuple | list) and all(map(_is_plain, value)))


def _source(cls: type) -> str:
    """The syntax tree of a class; of one that nobody has the source of, as in a notebook, its compiled functions."""
    try:
        return tree_of(textwrap.dedent(inspect.getsource(cls)))
    except (OSError, TypeError, SyntaxError):
        return str([_function(value) for _, value in sorted(vars(cls).items()) if isinstance(value, FunctionType)])


def _function(made: object) -> str:
    code = getattr(made, "__code__", None) or getattr(vars(type(made)).get("__call__"), "__code__", None)
    return f"{getattr(made, '__qualname__', type(made).__qualname__)} {list(_compiled(code)) if code else ''}"


def _compiled(code: CodeType) -> Iterator[str]:
    """What a function does, without where it stands."""
    yield from (code.co_code.hex(), str(code.co_names))
    for value in code.co_consts:
        if isinstance(value, CodeType):
            yield from _compiled(value)
        else:
            yield repr(sorted(map(repr, value)) if isinstance(value, frozenset) else value)
