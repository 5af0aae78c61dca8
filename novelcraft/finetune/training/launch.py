"""Becoming as many processes as there are accelerators. Nothing here loads torch unasked."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence

from novelcraft.errors import TrainingStackError

_MARK = "NOVELCRAFT_SPREAD"
"""Says to what a launcher started that it is one of several."""
_PATIENCE = "TORCH_ELASTIC_SHUTDOWN_TIMEOUT"
_SAVING = 600
"""Seconds that a launcher which was told to stop gives its processes to save a checkpoint."""


def accelerators() -> int:
    """How many accelerators this process may use."""
    import torch

    return int(torch.cuda.device_count())


def accelerate_arguments(count: int) -> list[str]:
    """`accelerate launch` of so many processes on this machine.

    All that it would otherwise take from the file that `accelerate config` writes is said: that
    file may ask for a single process, for another kind of run, or for other machines.
    """
    kind = ["--multi_gpu", "--num_processes", str(count), "--gpu_ids", "all"]
    place = ["--num_machines", "1", "--machine_rank", "0", "--main_process_port", "0"]
    numbers = ["--mixed_precision", "no", "--dynamo_backend", "no"]
    return ["-m", "accelerate.commands.launch", *kind, *place, *numbers]


def launch_distributed(
    module: str,
    arguments: Sequence[str],
    out: int,
    *,
    count: Callable[[], int] = accelerators,
    launch: Callable[[int], Sequence[str]] = accelerate_arguments,
) -> None:
    """Become a process for each accelerator, where there are several and that was not done yet.

    Args:
        module: What each of them runs, with its arguments.
        arguments: Those.
        out: What standard output is to be for them. Here it may be another by now.
        count: Tells how many accelerators there are.
        launch: The arguments by which Python starts so many processes of what follows.

    Raises:
        TrainingStackError: It was done, and this is a single process all the same.
    """
    if "LOCAL_RANK" in os.environ:
        return
    if _MARK in os.environ:
        raise TrainingStackError(
            "`accelerate launch` started one process instead of one for each accelerator.",
            fix="Name one accelerator in CUDA_VISIBLE_DEVICES to train on it alone.",
        )
    number = count()
    if number < 2:
        return
    os.dup2(out, 1)
    command = [sys.executable, *launch(number), "-m", module, *arguments]
    marks = {_MARK: "1", _PATIENCE: os.environ.get(_PATIENCE, str(_SAVING))}
    os.execve(sys.executable, command, {**os.environ, **marks})
