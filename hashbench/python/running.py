"""`hashbench.run`: what `hashbench run` does, from Python."""

from __future__ import annotations

import inspect
import os
import tempfile
import warnings
from collections.abc import Iterable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np
from torch import nn

from hashbench.contracts.run import Silent
from hashbench.engine.machine.batching import batch_that_fits
from hashbench.engine.models.foreign import Live, known
from hashbench.engine.planning.config import Config, config_of
from hashbench.engine.planning.plan import Plan, Resolve, make_plan
from hashbench.engine.publishing.imported import find_card
from hashbench.engine.publishing.zoo import PREFIX
from hashbench.engine.running.runner import run_plan
from hashbench.engine.stages.model import ModelStage
from hashbench.errors import UserError
from hashbench.python.how import How, data_folder, store_folder
from hashbench.python.machine import bars, engine_of, resolving
from hashbench.python.results import RunResults
from hashbench.typing import Facts, Norm

Texts = str | Sequence[str]
Numbers = int | Sequence[int]
Models = str | nn.Module | Sequence[str] | Mapping[str, nn.Module]


def run(
    attacks: Texts,
    hashers: Texts = (),
    *,
    models: Models = (),
    imported: Texts = (),
    backbones: Texts = (),
    bits: Numbers = (),
    dataset: Texts = "shapes",
    protocols: Texts = "harmonised",
    seeds: Numbers = 0,
    epsilon: float | str | Sequence[float | str] = 8 / 255,
    norm: Norm = "linf",
    queries: int | None = None,
    targets: str | Path | None = None,
    transfer: bool = False,
    data: str | Path | None = None,
    split: str | Path | None = None,
    skip_broken: bool = False,
    weights: str | None = None,
    image_size: int | None = None,
    preset: str | None = None,
    benchmarks: Texts = (),
    batch_size: int | Literal["auto"] = 64,
    precision: str = "fp32",
    compile: bool = False,
    out: str | Path | None = None,
    store: str | Path | None = None,
    device: str = "auto",
    memory: str | None = None,
    progress: bool = True,
) -> RunResults:
    """Train or reuse hashers, run attacks on them, score them. Lists multiply into cells, as on the command line.

    `attacks`, `hashers`, ...: names with options, as in 'dhta[steps=200]'. `models`: networks of your own, as `--model` takes
    them, a module, or modules by name; images in [0, 1] go in, K outputs whose signs are the code come out. `epsilon`: the
    budget in pixel values of [0, 1], in L-inf or the `norm` given. `queries`: how many are attacked, drawn by the seed; all by
    default. `batch_size`: images at a time, or 'auto', as many as fit into memory. `precision`, `compile`: as `--precision` and
    `--compile`. `out`: where to write what `hashbench run` writes; nothing is written by default, but what is kept in `store`.

    Raises UserError, in one sentence, for what can't be run. A cell that fails is in `failures` and warned of; the others go on.
    """
    said = _said(locals())
    live = _live(models)
    config = config_of(
        {
            "attacks": _listed(attacks),
            "hashers": _listed(hashers),
            "imported": _listed(imported),
            "models": tuple(live) or _listed(models),
            "backbones": _listed(backbones),
            "bits": _listed(bits),
            "datasets": _listed(dataset),
            "protocols": _listed(protocols),
            "seeds": _listed(seeds),
            "epsilons": tuple(map(str, _listed(epsilon))),
            "norm": norm,
            "queries": queries,
            "targets": _text(targets),
            "transfer": transfer,
            "data": data_folder(data),
            "split": _text(split),
            "skip_broken": skip_broken,
            "weights": weights,
            "image_size": image_size,
            "preset": preset,
            "batch_size": batch_size,
            "precision": precision,
            "compile": compile,
            "reports": (),
            **({"benchmarks": _listed(benchmarks)} if benchmarks else {}),
        }
    )
    how = How(device=device, decoders=min(8, os.cpu_count() or 1), memory=memory, out=_text(out), store=_text(store))
    shown = bars() if progress else Silent()
    known.cache_clear()  # files may have changed since the program's last run
    plan = planned(config, how, resolving(engine_of(how, progress=shown)), live)
    engine = engine_of(how, plan.batch_size, shown)
    with tempfile.TemporaryDirectory() if out is None else nullcontext(str(out)) as folder:
        results, _ = run_plan(plan, engine, Path(folder), said, lambda line: None)
    done = RunResults(results.runs, results.cells)
    for cell in done.cells:
        if cell.status != "ok":
            warnings.warn(f"{cell.status}: {cell.at.attack} on {cell.at.target.label}: {cell.cause}", stacklevel=2)
    return done


def _said(given: Mapping[str, object]) -> str:
    """The call as it is written but for places on this machine; of a module its class alone."""
    defaults = {name: one.default for name, one in inspect.signature(run).parameters.items()}
    aside = {"out", "store", "progress"}
    told = {name: value for name, value in given.items() if name not in aside and value is not defaults[name]}
    if isinstance(models := told.get("models"), nn.Module | Mapping):
        named = models if isinstance(models, Mapping) else {"module": models}
        told["models"] = {name: type(module).__name__ for name, module in named.items()}
    return f"hashbench.run({', '.join(f'{name}={value!r}' for name, value in told.items())})"


def planned(config: Config, how: How, resolve: Resolve, live: Mapping[str, Live] | None = None) -> Plan:
    """The plan of a configuration, names of imported hashers looked up in the store; it remembers them as they were asked for."""
    names: Facts = {"imported": [*config.imported], "models": [*config.models]}
    published = (*config.imported, *(text for text in config.models if text.startswith(PREFIX)))
    folders = tuple(str(find_card(text, store_folder(how.store))) for text in published)
    models = tuple(text for text in config.models if not text.startswith(PREFIX))
    config = replace(config, imported=folders, models=models)
    if config.batch_size == "auto":
        trial = make_plan(replace(config, batch_size=1), resolve, live or {})
        config = replace(config, batch_size=_batch_that_fits(trial, how))
    plan = make_plan(config, resolve, live or {})
    return replace(plan, asked={**plan.asked, **names})


def _batch_that_fits(plan: Plan, how: How) -> int:
    """How many images fit through the largest of a plan's networks."""
    machine = engine_of(how).machine
    sizes = []
    for stage in dict.fromkeys(cell.source for cell in plan.cells):
        network = stage.model.again() if isinstance(stage, ModelStage) else stage.untrained()
        if network is not None:
            sizes.append(batch_that_fits(network, stage.pixels.source.image_size, machine.device, machine.memory))
    return min(sizes)


def _live(models: Models) -> dict[str, Live]:
    """Networks that the program holds, by name."""
    if isinstance(models, nn.Module):
        return {"module": Live(models, "module")}
    if isinstance(models, Mapping):
        if not models:
            raise UserError("models is empty: give networks by name, or leave it out.")
        return {name: Live(module, name) for name, module in models.items()}
    if not isinstance(models, str) and any(isinstance(one, nn.Module) for one in models):
        raise UserError("models is a list of modules: give a mapping of names to modules.")
    return {}


def _listed(given: object) -> tuple[object, ...]:
    """One value, or several, as a tuple."""
    if isinstance(given, np.ndarray):
        given = given.tolist()
    return tuple(given) if isinstance(given, Iterable) and not isinstance(given, str) else (given,)


def _text(path: str | Path | None) -> str | None:
    return None if path is None else str(path)
