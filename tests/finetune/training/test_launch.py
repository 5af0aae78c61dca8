"""A worker that becomes several processes, as it does where there are several accelerators."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from novelcraft.errors import TrainingStackError
from novelcraft.finetune.training.launch import launch_distributed
from novelcraft.state.train_events import TrainEvent, TrainStarted, TrainStep, TrainStopped
from tests.finetune.marks import needs_stack
from tests.finetune.runs import read, rows, settings, written

WORKER = """
import sys
from functools import partial
from novelcraft.finetune.training.launch import launch_distributed
from novelcraft.finetune.training.worker import main

main(sys.argv[1:], partial(launch_distributed, count=lambda: 2))
"""
"""A worker on a machine with two accelerators, as far as it knows."""
OTHERWISE = """
compute_environment: LOCAL_MACHINE
distributed_type: 'NO'
gpu_ids: '0'
machine_rank: 1
mixed_precision: bf16
num_machines: 2
num_processes: 1
use_cpu: false
"""
"""What somebody may have told `accelerate config`, for something else."""
DONE = """
import os
from novelcraft.finetune.training.launch import launch_distributed

out = os.dup(1)
os.dup2(2, 1)
print("noise", flush=True)
launch_distributed("platform", ["terse"], out, count=lambda: 2, launch=lambda count: [])
"""
"""Becomes Python's `platform`, which prints the name of the system."""
STAYS = """
import sys
from novelcraft.finetune.training.launch import launch_distributed

count = int(sys.argv[1])
launch_distributed("platform", ["terse"], 1, count=lambda: count, launch=lambda count: [])
print("the same process")
"""
"""Becomes `platform` where it becomes several processes, and else goes on."""


@pytest.mark.parametrize(("count", "rank"), [(0, None), (1, None), (2, "1")])
def test_one_accelerator_or_one_of_several_processes_is_used_by_this_process(
    count: int, rank: str | None
) -> None:
    environ = {**os.environ, **({"LOCAL_RANK": rank} if rank else {})}
    done = subprocess.run([sys.executable, "-c", STAYS, str(count)], capture_output=True, text=True,
                          check=True, env=environ)  # fmt: skip
    assert done.stdout == "the same process\n"


def test_a_launcher_that_starts_a_single_process_is_not_started_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("NOVELCRAFT_SPREAD", "1")
    with pytest.raises(TrainingStackError, match="one process instead of one for each"):
        launch_distributed("none", (), 1, count=lambda: 2)


def test_what_this_process_becomes_writes_where_it_did() -> None:
    done = subprocess.run([sys.executable, "-c", DONE], capture_output=True, text=True, check=True)
    assert done.stdout.startswith(os.uname().sysname)
    assert done.stderr == "noise\n"


@pytest.mark.train
@needs_stack
def test_two_processes_are_launched_heard_and_stopped(tiny_base: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    (home / "accelerate").mkdir(parents=True)
    (home / "accelerate" / "default_config.yaml").write_text(OTHERWISE, encoding="utf-8")
    config = settings(
        rows(tmp_path), tiny_base, per_device_batch_size=2, max_steps=2000, save_steps=1000,
        eval_steps=1000,
    )  # fmt: skip
    told: list[TrainEvent] = []
    with subprocess.Popen(
        [sys.executable, "-c", WORKER, str(written(tmp_path, config))],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, "HF_HOME": str(home)},
    ) as run:
        assert run.stdout is not None
        for line in run.stdout:
            told.append(read(line))
            if isinstance(told[-1], TrainStep) and told[-1].step == 3:
                run.send_signal(signal.SIGTERM)
    started = next(event for event in told if isinstance(event, TrainStarted))
    # 48 rows in batches of two, of which each process takes a half.
    assert (started.rows, started.batches) == (48, 24)
    ended = told[-1]
    assert isinstance(ended, TrainStopped)
    assert ended.reason == "cancelled"
    assert Path(ended.checkpoint).name == f"step-{ended.step:06}"
    randoms = {path.name for path in Path(ended.checkpoint).glob("random-*")}
    assert randoms == {"random-0.safetensors", "random-1.safetensors"}
