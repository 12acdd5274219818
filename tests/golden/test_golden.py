"""A small run of all six attacks, two protocols, transfer and two seeds: the numbers stay the same to the last digit.

The golden files hold for one kind of machine, since another CPU's kernels round otherwise: elsewhere the test skips. To write them
anew, where numbers are meant to change: HASHBENCH_GOLDEN=write pytest tests/golden
"""

from __future__ import annotations

import os
import platform
from pathlib import Path

import pandas as pd
import pytest
import torch
from helpers import TINY, hashbench

GOLDEN = Path(__file__).parent
TABLES = ("results", "transfer", "differences")
ATTACKS = (
    "noise",
    "p2p[steps=3]",
    "dhta[steps=3]",
    "fgsm",
    "ifgsm[steps=3]",
    "prosgan[epochs=1,width=8,decoder_width=8,aim=prototype[steps=5]]",
)
WRITE = os.environ.get("HASHBENCH_GOLDEN") == "write"


def machine() -> str:
    """What the last digits depend on."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.is_file() else []
    model = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())
    return f"{model}, {torch.backends.cpu.get_cpu_capability()}, torch {torch.__version__}\n"


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_the_numbers_are_the_same_to_the_last_digit(tmp_path: Path) -> None:
    made_on = GOLDEN / "machine.txt"
    if not WRITE and made_on.read_text() != machine():
        pytest.skip(f"the golden files were made on {made_on.read_text().strip()}, this is {machine().strip()}")
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        options = ["--bits", "8,12", "--seed", "0,1", "--protocol", "harmonised,published", "--transfer"]
        options += ["--benchmark", "targeted,perceptibility,timing,gallery"]
        done = hashbench("run", "--attack", ",".join(ATTACKS), *TINY, *options, "--out", str(tmp_path))
    finally:
        torch.set_num_threads(threads)
    assert done.returncode == 0, done.stderr
    if WRITE:
        made_on.write_text(machine())
    for name in TABLES:
        made = (tmp_path / f"{name}.csv").read_text()
        if WRITE:
            (GOLDEN / f"{name}.csv").write_text(made)
        kept = pd.read_csv(GOLDEN / f"{name}.csv").rename(columns={"victim": "target"})
        pd.testing.assert_frame_equal(pd.read_csv(tmp_path / f"{name}.csv"), kept, check_exact=True)
