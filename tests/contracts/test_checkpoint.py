"""State on disk: a loop that was cut off goes on to the same bits, whatever it holds; damage is noticed."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from helpers import CPU
from torch import Tensor, nn

from hashbench.api import Part, Run
from hashbench.contracts.checkpoint import Checkpoint
from hashbench.errors import ContractError

SCHEDULES = {
    "cycle": lambda optimiser: torch.optim.lr_scheduler.OneCycleLR(optimiser, 0.01, total_steps=20),
    "steps": lambda optimiser: torch.optim.lr_scheduler.MultiStepLR(optimiser, [3, 7], 0.5),
    "step": lambda optimiser: torch.optim.lr_scheduler.StepLR(optimiser, 3, 0.1),
}
OPTIMISERS = {
    "adam": lambda p: torch.optim.Adam(p, lr=0.01),
    "adamw": lambda p: torch.optim.AdamW(p, lr=0.01),
    "sgd": lambda p: torch.optim.SGD(p, lr=0.01, momentum=0.9),
}


class Cut(Exception):
    """Stands for a kill."""


def train(folder: Path | None, cut: int | None, optimiser: str, schedule: str) -> dict[str, Tensor]:
    """A training of ten steps with dropout, a batch norm, a bank, and draws of its own."""
    with torch.random.fork_rng([]):
        net = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Dropout(0.5), nn.Linear(4, 1))
        with torch.no_grad():
            for i, parameter in enumerate(net.parameters()):
                parameter.copy_(torch.linspace(-1, 1, parameter.numel()).reshape(parameter.shape) * (i + 1))
        stepper = OPTIMISERS[optimiser](net.parameters())
        rate = SCHEDULES[schedule](stepper)
        bank, kept = torch.zeros(10), {"last": torch.zeros(())}
        run = Run(0, CPU, checkpoint=None if folder is None else Checkpoint(folder, 0.0))
        torch.random.set_rng_state(torch.Generator().manual_seed(5).get_state())
        parts: dict[str, Part] = {"net": net, "optimiser": stepper, "schedule": rate, "bank": bank, "kept": kept}
        for step in run.resumable(10, **parts):
            if step == cut:
                raise Cut
            loss = torch.tanh(net(torch.randn(8, 3, generator=run.generator))).square().mean()
            stepper.zero_grad()
            loss.backward()
            stepper.step()
            rate.step()
            bank[step] = loss.detach()
            kept["last"] = loss.detach()
    return {**net.state_dict(), "bank": bank, **kept}


@pytest.mark.parametrize("optimiser", OPTIMISERS)
@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize("cut", [0, 1, 6, 9])
def test_a_cut_training_ends_in_the_same_bits(tmp_path: Path, optimiser: str, schedule: str, cut: int) -> None:
    whole = train(None, None, optimiser, schedule)
    with pytest.raises(Cut):
        train(tmp_path, cut, optimiser, schedule)
    again = train(tmp_path, None, optimiser, schedule)
    assert all(torch.equal(whole[name], again[name]) for name in whole)
    assert Run(0, CPU, checkpoint=Checkpoint(tmp_path, 0.0)).resumable(10).first == 0  # a loop without parts starts anew


def test_what_is_done_is_not_done_again(tmp_path: Path) -> None:
    with pytest.raises(Cut):
        train(tmp_path, 6, "adam", "step")
    seen: list[int] = []
    kept = {"last": torch.zeros(())}
    bank = torch.zeros(10)
    net = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Dropout(0.5), nn.Linear(4, 1))
    stepper = OPTIMISERS["adam"](net.parameters())
    parts: dict[str, Part] = {
        "net": net,
        "optimiser": stepper,
        "schedule": SCHEDULES["step"](stepper),
        "bank": bank,
        "kept": kept,
    }
    with torch.random.fork_rng([]):
        seen.extend(Run(0, CPU, checkpoint=Checkpoint(tmp_path, 0.0)).resumable(10, **parts))
    assert seen == [6, 7, 8, 9] and (bank[:6] > 0).all()


def test_two_loops_of_a_stage_keep_apart(tmp_path: Path) -> None:
    def stage(cut: bool) -> tuple[list[int], list[int]]:
        run = Run(0, CPU, checkpoint=Checkpoint(tmp_path, 0.0))
        first = list(run.resumable(3, value=torch.zeros(1)))
        second = []
        for step in run.resumable(3, value=torch.zeros(1)):
            if cut and step == 1:
                raise Cut
            second.append(step)
        return first, second

    with pytest.raises(Cut):
        stage(True)
    assert stage(False) == ([], [1, 2])


def test_a_damaged_checkpoint_is_not_used(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    whole = train(None, None, "adam", "cycle")
    for place in (0, 20, 40, 500, -1):
        with pytest.raises(Cut):
            train(tmp_path, 6, "adam", "cycle")
        (file,) = tmp_path.glob("*.checkpoint")
        content = bytearray(file.read_bytes())
        content[place] ^= 1
        file.write_bytes(content)
        again = train(tmp_path, None, "adam", "cycle")
        assert all(torch.equal(whole[name], again[name]) for name in whole)
        assert "is damaged and is not used" in caplog.text
        caplog.clear()
        file.unlink()


def test_another_loop_in_the_same_place_is_an_error_and_odd_states_are_refused(tmp_path: Path) -> None:
    run = Run(0, CPU, checkpoint=Checkpoint(tmp_path, 0.0))
    list(run.resumable(2, value=torch.zeros(3)))
    with pytest.raises(ContractError, match="another state"):
        Run(0, CPU, checkpoint=Checkpoint(tmp_path, 0.0)).resumable(2, other=torch.zeros(3))

    class Odd:
        def state_dict(self):
            return {"a": object()}

        def load_state_dict(self, state_dict):
            pass

    with pytest.raises(ContractError, match="a state with a object can't be kept"):
        list(Run(0, CPU, checkpoint=Checkpoint(tmp_path / "odd", 0.0)).resumable(2, odd=Odd()))


def test_seconds_of_killed_runs_count_however_deep_their_loops_lie(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An ensemble's members go on below its batch, which keeps nothing itself: a kill in the second, and a kill again."""
    now = [0.0]
    monkeypatch.setattr("hashbench.contracts.checkpoint.time.monotonic", lambda: now[0])

    def batch(cut: int | None) -> float:
        inner = Run(0, CPU, checkpoint=Checkpoint(tmp_path, 0.0)).below("batch0")
        started, taken = now[0], 0
        for member in ("first", "second"):
            for _ in inner.below(member).resumable(3, part=torch.zeros(1)):
                if taken == cut:
                    raise Cut
                now[0] += 10.0
                taken += 1
        return inner.spent + now[0] - started

    for cut in (4, 1):  # four steps of ten seconds, then one, then the last
        with pytest.raises(Cut):
            batch(cut)
        now[0] += 1000.0
    assert batch(None) == pytest.approx(60.0)
