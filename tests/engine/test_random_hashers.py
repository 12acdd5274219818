"""A hasher that gives other codes each time: its numbers are the same again, and those of its own are the same for each attack."""

from __future__ import annotations

from pathlib import Path

from helpers import TINY, hashbench

from hashbench.results.reading import read_results


def test_what_handling_leaves_of_a_random_hasher_is_drawn_from_the_seed(tmp_path: Path) -> None:
    hasher = f"resize[method={TINY[5]},random=true]"
    for out in ("one", "two"):
        asked = ("run", "--attack", "noise,fgsm", *TINY[:4], "--hasher", hasher, "--out", out, "--store", "store")
        done = hashbench(*asked, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
    one, two = ((tmp_path / out / "results.csv").read_bytes() for out in ("one", "two"))
    assert one == two
    noise, fgsm = read_results(tmp_path / "one").cells
    handled = [row.metric for row in noise.rows if row.metric.startswith("map_clean_")]
    assert len(handled) > 3 and [noise.value(name) for name in handled] == [fgsm.value(name) for name in handled]
