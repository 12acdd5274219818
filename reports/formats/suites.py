"""A suite by name: one that the results are of, or a built-in one whose attacks they hold."""

from __future__ import annotations

from collections.abc import Iterable

from hashbench.api import Results, Shown, UnknownName, UserError, load_suite, suite_names


def suite_of(results: Results, name: str, kind: str, known: Iterable[str]) -> Shown:
    """As `hashbench suite run` recorded it. A built-in suite's attacks may be any of the results' with
    those names, on the hashing methods it is about.

    Raises UserError for an unknown name (`known`: what else it could be), or where an attack of that name is there twice.
    """
    for recorded in results.suites:
        if recorded.name == name:
            return recorded
    if name not in suite_names():
        raise UnknownName(kind, name, sorted({*known, *suite_names(), *(suite.name for suite in results.suites)}))
    (suite, *others) = load_suite(name).suites("paper")
    if others:
        raise UserError(f"'{name}' is several experiments: name one of them.")
    there = list(dict.fromkeys(cell.at.attack for cell in results.cells))
    attacks = {key: _attack(text, there, name) for key, text in suite.attacks.items()}
    methods = suite.run.get("hasher")
    about = methods if isinstance(methods, list) else [methods]
    return Shown(
        name=name,
        title=suite.title,
        about=suite.about,
        attacks={key: text for key, text in attacks.items() if text is not None},
        show=list(suite.show),
        cells=[cell.slug for cell in results.cells if cell.at.source.hasher.partition("[")[0] in about],
    )


def _attack(wanted: str, there: list[str], suite: str) -> str | None:
    """The attack of these results that stands for a suite's."""
    if wanted in there:
        return wanted
    alike = [text for text in there if text.partition("[")[0] == wanted.partition("[")[0]]
    if len(alike) > 1:
        raise UserError(f"{suite} shows one {wanted.partition('[')[0]}, and these results have {', '.join(alike)}: use by-bits.")
    return alike[0] if alike else None
