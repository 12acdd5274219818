"""Sanity flags: signs that a number is not what it seems. Each is a name and a sentence; none changes a number."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import permutations

import numpy as np

from hashbench.contracts.products import Products
from hashbench.results.away import led_away
from hashbench.results.cell import CellResult, Flag
from hashbench.retrieval import Bootstrap

QUERIES = "square"
"""The member of an ensemble that asks for no gradients."""
_SATURATED = 0.5
_MASKED = 0.002
"""By how much more of MAP queries must reach to be flagged, as in AutoAttack."""
_NOTICED = 0.1
"""The share of the way to the aim code that rounding may undo before it is flagged."""


def cell_flags(products: Products, remark: str = "") -> list[Flag]:
    """Flags that one cell's products show; `remark`: what the attack says of its budget."""
    found = [_flag("other-budget", remark)] if remark else []
    vanished = float(np.mean(products.log.zero_gradient)) if products.log.zero_gradient is not None else 0.0
    if vanished:
        says = f"the gradient of relaxed codes is zero at {vanished:.0%} of the queries: no attack that follows it can move them"
        found.append(_flag("vanishing-gradients", says))
    flat = 0.0 if products.log.saturated is None else float(np.mean(products.log.saturated))
    if flat > _SATURATED:
        says = f"tanh is flat at {flat:.0%} of bits: attacks on relaxed codes see next to no gradient, those on logits do"
        found.append(_flag("saturated-bits", says))
    if products.log.random_hasher:
        found.append(_flag("random-hasher", "two forwards of the same images differ: gradients need a mean over samples"))
    found += _budget_flags(products)
    found += _member_flags(products)
    if products.aim_codes is not None:
        found += _aim_flags(products, products.aim_codes)
    return found


def _budget_flags(products: Products) -> list[Flag]:
    change = products.log.change_without_budget
    if np.isnan(change):
        return [_flag("fails-without-budget", "the attack fails when its budget is 0, where it should return the query")]
    if change > 0.5 / 255:
        cut = "what it returned was cut back to the budget" if products.protocol.enforce_budget else "nothing held it to the budget"
        return [_flag("ignores-budget", f"with a budget of 0 it changes an image by {change * 255:.0f} levels: {cut}")]
    return []


def _aim_flags(products: Products, aim: np.ndarray) -> list[Flag]:
    def distance(codes: np.ndarray) -> float:
        return float((codes != aim).mean())

    clean, attacked = distance(products.clean_codes), distance(products.attacked_codes)
    unrounded = distance(products.unrounded_codes)
    if clean > unrounded and (attacked - unrounded) / (clean - unrounded) > _NOTICED:
        undone = (attacked - unrounded) / (clean - unrounded)
        return [_flag("rounding-undoes", f"rounding to 8 bits undoes {undone:.0%} of the way to the aim code")]
    if attacked >= clean:
        says = f"its codes differ from the aim code in {attacked:.0%} of bits, the clean ones in {clean:.0%}"
        return [_flag("loss-does-not-fall", says)]
    return []


def _member_flags(products: Products) -> list[Flag]:
    """Of an ensemble: whether its queries add to the best of its gradients by query, a sign that gradients are masked."""
    members = dict(products.log.members)
    if QUERIES not in members or len(members) < 2:
        return []
    sign = -1 if products.untargeted else 1
    asked = sign * products.ap(members.pop(QUERIES), products.goal_labels)
    followed = np.max([sign * products.ap(codes, products.goal_labels) for codes in members.values()], axis=0)
    alone, both = float(np.nanmean(followed)), float(np.nanmean(np.maximum(followed, asked)))
    if both <= alone + _MASKED:
        return []
    says = f"its gradient attacks reach {abs(alone):.3f} together, with queries {abs(both):.3f}: gradients are masked"
    return [_flag("queries-beat-gradients", says)]


def table_flags(table: Sequence[CellResult]) -> dict[str, list[Flag]]:
    """Flags that show beside other cells of one table (same dataset, hashers, protocol and seed), by cell's slug."""
    found: dict[str, list[Flag]] = {cell.slug: [] for cell in table}
    for cell in table:
        clean, chance = cell.row("map_clean"), cell.value("map_floor")
        if clean is not None and clean.low is not None and chance is not None and clean.low <= chance:
            says = f"the hasher's clean MAP {clean.value:.3f} is not told apart from chance ({chance:.3f})"
            found[cell.slug].append(_flag("hasher-at-chance", says))
        t_map, floor, aim = (cell.value(name) for name in ("t_map", "t_map_floor", "t_map_aim"))
        if t_map is None or floor is None or aim is None:
            continue
        if aim < floor and _above(cell, "t_map_floor", cell, "t_map_aim"):
            says = f"its aim code ranks worse ({aim:.3f}) than a random ranking ({floor:.3f})"
            found[cell.slug].append(_flag("aim-below-floor", says))
        if t_map > aim and _above(cell, "t_map", cell, "t_map_aim"):
            found[cell.slug].append(
                _flag("beats-aim", f"its t-MAP {t_map:.3f} is above its aim code's {aim:.3f}, which is no bound")
            )
    for longer, shorter in permutations([cell for cell in table if cell.white_box], 2):
        steps = [steps for cell in (longer, shorter) if isinstance(steps := cell.option("steps"), int)]
        if _but_steps(longer) != _but_steps(shorter) or len(steps) < 2 or steps[0] <= steps[1]:
            continue
        metric, above, below = ("map_attacked", longer, shorter) if led_away(longer) else ("t_map", shorter, longer)
        ours, theirs = longer.value(metric), shorter.value(metric)
        if ours is not None and theirs is not None and _above(above, metric, below, metric):
            says = f"{steps[0]} steps reach {ours:.3f}, {steps[1]} steps {theirs:.3f}: more should not do worse"
            found[longer.slug].append(_flag("more-steps-worse", says))
    return found


def _above(first: CellResult, metric: str, second: CellResult, other: str) -> bool:
    """Whether a metric is above another by more than the 95 % interval of their difference over the same queries, of which one
    tells nothing."""
    gap = first.arrays[f"per_query/{metric}"] - second.arrays[f"per_query/{other}"]
    return len(gap) > 1 and Bootstrap(len(gap), first.at.seed).interval(gap)[0] > 0


def transfer_flags(cell: CellResult, white_box: CellResult) -> list[Flag]:
    """A flag where images steered to an aim code fool another hasher more than the one they were made on."""
    there, here = cell.value("t_map"), white_box.value("t_map")
    if white_box.value("t_map_aim") is None or there is None or here is None or not _above(cell, "t_map", white_box, "t_map"):
        return []
    return [_flag("transfer-above-white-box", f"t-MAP {there:.3f} on this hasher, {here:.3f} on the hasher it was made on")]


def _but_steps(cell: CellResult) -> tuple[str, dict[str, object]]:
    options = {} if cell.made is None else cell.made.options["attack"]
    return cell.at.attack.partition("[")[0], {name: value for name, value in options.items() if name != "steps"}


def _flag(name: str, says: str) -> Flag:
    return Flag(flag=name, says=says + ".")
