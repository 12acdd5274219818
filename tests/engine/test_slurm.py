"""The job scripts of docs/slurm.md on a real one-node SLURM, started for the test."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from helpers import process

PAGE = Path(__file__).parents[2] / "docs" / "slurm.md"
CONFIG = """
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={ports[0]}
SlurmdPort={ports[1]}
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
SlurmUser=root
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SlurmdParameters=config_overrides
ReturnToService=2
NodeName={host} NodeAddr=127.0.0.1 CPUs=8
PartitionName=all Nodes={host} Default=YES State=UP
"""
PLUGIN = '''
"""An attack that waits to be cancelled, the first time."""

import os
import time
from dataclasses import dataclass
from pathlib import Path

from hashbench.api import Attack


@dataclass(frozen=True)
class Wait(Attack):
    """Waits"""

    def perturb(self, victim, state, images, goal, codes, budget, run):
        marker = Path(os.environ["MARKER"])
        if not marker.exists():
            marker.write_text(os.environ["SLURM_ARRAY_JOB_ID"] + "_" + os.environ["SLURM_ARRAY_TASK_ID"])
            time.sleep(300)
        return images
'''
RUN = """
attack = ["noise", "{plugin}:Wait"]
hasher = ["dpsh[epochs=1]", "dph[epochs=1]"]
backbone = ["convnet[width=8,warmup_epochs=1]"]
dataset = ["shapes[train=64,database=128,queries=8]"]
benchmark = ["targeted"]
"""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(900),
    pytest.mark.skipif(
        not all(shutil.which(tool) for tool in ("slurmctld", "slurmd", "sbatch", "munged", "openssl")) or os.geteuid() != 0,
        reason="needs root, and Debian's slurmctld, slurmd, slurm-client and munge",
    ),
]


def until(done: Callable[[], object], what: str, seconds: float = 400) -> None:
    """Poll a world that tells nobody when it is ready."""
    end = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end, what
        time.sleep(0.5)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def slurm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder to work in, on a cluster of this machine alone."""
    folder = tmp_path / "slurm"
    for name in ("state", "spool"):
        (folder / name).mkdir(parents=True)
    host = socket.gethostname().partition(".")[0]
    (folder / "slurm.conf").write_text(CONFIG.format(host=host, folder=folder, ports=(free_port(), free_port())))
    key = folder / "munge.key"
    key.write_bytes(os.urandom(128))
    key.chmod(0o600)
    monkeypatch.setenv("SLURM_CONF", str(folder / "slurm.conf"))
    munge = [f"--{name}-file={folder}/munge.{name}" for name in ("key", "log", "pid", "seed")]
    commands = [
        ["munged", "--foreground", "--force", f"--socket={folder}/munge.socket", *munge],
        ["slurmctld", "-D", "-c", "-i", "-f", str(folder / "slurm.conf")],
        ["slurmd", "-D", "-f", str(folder / "slurm.conf")],
    ]
    with (folder / "daemons.log").open("w") as log:
        daemons: list[subprocess.Popen[bytes]] = []
        try:
            for command in commands:
                daemons.append(subprocess.Popen(command, stdout=log, stderr=log))
                if command[0] == "munged":
                    until((folder / "munge.socket").exists, "munged did not start", 20)
            until(lambda: "idle" in said("sinfo", "-h", "-o", "%T"), (folder / "daemons.log").read_text(), 60)
            work = tmp_path / "work"
            work.mkdir()
            scripts(work)
            (work / "mine.py").write_text(PLUGIN)
            (work / "run.toml").write_text(RUN.format(plugin=work / "mine.py"))
            monkeypatch.chdir(work)
            monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}:{os.environ['PATH']}")
            monkeypatch.setenv("OMP_NUM_THREADS", "1")
            yield work
        finally:
            subprocess.run(["scancel", "--user=root"], check=False)
            for daemon in reversed(daemons):
                daemon.terminate()
                daemon.wait(20)


def scripts(work: Path) -> None:
    """The page's blocks, each into the file that it names."""
    for block in re.findall(r"```bash\n(.*?)```", PAGE.read_text(encoding="utf-8"), flags=re.DOTALL):
        name = re.search(r"^# (\S+\.sh)$", block, flags=re.MULTILINE)
        assert name is not None, block
        (work / name[1]).write_text(block)


def said(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()


def submit(*command: str) -> str:
    """A job's number."""
    number = said("sbatch", "--parsable", *command)
    assert number, command
    return number


def alone(work: Path) -> str:
    """The results of one process."""
    done = process("run", "--config", "run.toml", "--store", "alone", "--out", "alone-out", cwd=work)
    assert done.returncode == 0, done.stderr
    return (work / "alone-out" / "results.csv").read_text()


def outputs(work: Path) -> str:
    return "\n".join(f"{file.name}:\n{file.read_text()}" for file in work.glob("slurm-*.out"))


def test_a_job_array_and_workers_one_cancelled_make_what_one_process_makes(slurm: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    marker = slurm / "marker"
    monkeypatch.setenv("MARKER", str(marker))
    marker.touch()
    wanted = alone(slurm)
    results = slurm / "results" / "results.csv"

    monkeypatch.setenv("STORE", str(slurm / "array"))
    shards = submit("--array=0-1", "shard.sh")
    submit(f"--dependency=afterany:{shards}", "results.sh")
    until(results.exists, outputs(slurm))
    until(lambda: not said("squeue", "-h"), "the array does not end")
    assert results.read_text() == wanted, outputs(slurm)

    shutil.rmtree(slurm / "results")
    marker.unlink()
    monkeypatch.setenv("STORE", str(slurm / "workers"))
    subprocess.run(["bash", "certificate.sh"], check=True, capture_output=True)
    submit("spread.sh")
    submit("--array=0-1", "worker.sh")
    until(lambda: marker.exists() and marker.read_text(), "no worker got to the attack")
    cancelled = marker.read_text()
    subprocess.run(["scancel", cancelled], check=True)
    until(results.exists, "the run does not end")
    until(lambda: not said("squeue", "-h"), "the workers do not end")
    assert results.read_text() == wanted, outputs(slurm)
