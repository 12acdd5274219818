"""Protocols by name and from TOML files."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from hashbench.errors import UserError
from hashbench.protocols.file import protocol_of
from hashbench.protocols.protocol import PROTOCOLS


def test_built_in_protocols_are_what_the_papers_and_the_design_say() -> None:
    fair, release, dhta = (protocol_of(name) for name in ("harmonised", "published", "published-dhta"))
    assert (fair.min_images, fair.disjoint, fair.enforce_budget, fair.eight_bit, fair.ties, fair.cutoff) == (
        10,
        True,
        True,
        True,
        "aware",
        None,
    )
    assert (release.min_images, release.disjoint, release.enforce_budget, release.eight_bit, release.ties) == (
        1,
        False,
        False,
        False,
        "index",
    )
    assert (dhta.min_images, dhta.disjoint, dhta.ties) == (10, False, "index")
    others = {"published-train": {"pool": "train"}, "published-p2p": {"min_images": 2}, "published-dhta": {"min_images": 10}}
    for name, changed in others.items():
        assert PROTOCOLS[name] == dataclasses.replace(release, name=name, **changed)


def test_a_file_changes_what_it_names_and_keeps_the_rest(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(
        'name = "mine"\nversion = 3\nbase = "published"\ncutoff = 5000\nnormaliser = "possible"\nzero_relevance = "drop"\n'
    )
    mine = protocol_of(str(file))
    assert (mine.name, mine.version, mine.cutoff, mine.normaliser, mine.zero_relevance) == ("mine", 3, 5000, "possible", "drop")
    assert (mine.ties, mine.disjoint) == ("index", False)
    assert mine.target_rule == PROTOCOLS["published"].target_rule


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ('name = "x"', "has no version"),
        ("version = 1", "has no name"),
        ('name = "harmonised"\nversion = 1', "give it another"),
        ('name = "x"\nversion = 1\ncutof = 5', "did you mean 'cutoff'"),
        ('name = "x"\nversion = 1\ncutoff = 0', "cutoff is 0: give at least 1"),
        ('name = "x"\nversion = 1\nties = "random"', "ties: Input should be 'aware' or 'index'"),
        ('name = "x"\nversion = 1\nbase = "fair"', "unknown base in"),
        ("name = ", "is not TOML"),
        ('name = ["a"]\nversion = 1', "give the protocol a name in words"),
        ('name = ""\nversion = 1', "give the protocol a name in words"),
        ('name = "x"\nversion = 1\nbase = ["harmonised"]', "unknown base in"),
        ('name = "x"\nversion = true', "version: Input should be a valid integer"),
        ('name = "x"\nversion = 1\ndisjoint = "no"', "disjoint: Input should be a valid boolean"),
    ],
)
def test_wrong_files_are_told_in_a_sentence(tmp_path: Path, content: str, sentence: str) -> None:
    file = tmp_path / "p.toml"
    file.write_text(content)
    with pytest.raises(UserError, match=sentence):
        protocol_of(str(file))


def test_an_unknown_name_and_a_missing_file_are_told() -> None:
    with pytest.raises(UserError, match="did you mean 'harmonised'"):
        protocol_of("harmonized")
    with pytest.raises(UserError, match=r"nowhere\.toml can't be read"):
        protocol_of("nowhere.toml")
