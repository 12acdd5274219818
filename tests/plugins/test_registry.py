"""Specs and names."""

from __future__ import annotations

import pytest

from hashbench.errors import UnknownName, UserError
from hashbench.plugins import registry
from hashbench.plugins.configure import configure
from hashbench.plugins.spec import parse_spec, split_outside_brackets


def test_specs_nest_and_commas_in_brackets_do_not_split() -> None:
    assert split_outside_brackets("a[x=1,y=b[z=2]],c") == ["a[x=1,y=b[z=2]]", "c"]
    assert parse_spec("fgsm[aim=dhta[members=5],steps=2]").options == {"aim": "dhta[members=5]", "steps": "2"}
    for text in ("a[x", "a]x", "a[x]", "a[x=1,x=2]", "a[x=1]y"):
        with pytest.raises(UserError):
            split_outside_brackets(text)
            parse_spec(text)


def test_explicit_beats_own_preset_beats_the_runs_preset_beats_default() -> None:
    assert configure("attacks", "dhta").steps == 100
    assert configure("attacks", "dhta", "quick").steps == 50
    assert configure("attacks", "dhta[preset=published]", "quick").steps == 2000
    assert configure("attacks", "dhta[preset=published,steps=7]", "quick").steps == 7
    assert configure("attacks", "ifgsm[step_size=2/255]").step_size == 2 / 255


def test_every_builtin_loads_and_describes_itself_as_its_source_says() -> None:
    for kind in registry.KINDS:
        for name, entry in registry.entries(kind).items():
            cls = registry.load(kind, name)
            assert registry.describe(entry) == (cls.__doc__ or "").splitlines()[0]


def test_module_and_class_stand_for_a_name() -> None:
    target = registry.entries("attacks")["noise"].target
    assert registry.load("attacks", target) is registry.load("attacks", "noise")
    with pytest.raises(UnknownName, match="did you mean 'attacks'"):
        registry.entries("attack")
    with pytest.raises(UserError, match="could not be imported"):
        registry.load("attacks", "no_such_module:Attack")
