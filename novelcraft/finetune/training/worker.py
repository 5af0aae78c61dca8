"""The process of a training run: `python -m novelcraft.finetune.training.worker CONFIG [--resume]`.

Its standard output is the run's events, one line of JSON each, and nothing else; what libraries
print goes to standard error. SIGINT or SIGTERM has it save and stop, a second one end at once;
so has the end of whoever reads the events.

Where there are several accelerators, it becomes `accelerate launch` of itself on all of them.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from novelcraft.errors import LossError, NovelcraftError
from novelcraft.finetune.data.preferences import RunData, load_run_data
from novelcraft.finetune.settings.config import TrainConfig
from novelcraft.finetune.settings.load import load_train_config
from novelcraft.finetune.stack import require_stack
from novelcraft.finetune.training.event_pipe import event_pipe
from novelcraft.finetune.training.launch import launch_distributed
from novelcraft.finetune.training.runfile import CHECKPOINTS
from novelcraft.finetune.training.stopping import Stop
from novelcraft.state.stream import OnEvent
from novelcraft.state.train_events import TrainEvent, TrainFailed
from novelcraft.tools.storage.files import storage_errors
from novelcraft.tools.storage.lock import ProjectLock

LOST = LossError.exit_code
"""Exit code of a run whose loss is no number any more."""
MODULE = "novelcraft.finetune.training.worker"
"""This one, whatever name it was started by."""


def main(
    arguments: Sequence[str] | None = None,
    launch_distributed: Callable[[str, Sequence[str], int], None] = launch_distributed,
) -> None:
    """Run to the end, and exit with the code of what went wrong, if anything did.

    Args:
        arguments: The command line's; None takes them from there.
        launch_distributed: Becomes several processes where there are several accelerators.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    resume = "--resume" in given
    (config,) = [argument for argument in given if argument != "--resume"]
    stop = Stop()
    stop.listen()
    # Where events go, also those of the processes that this one may become.
    out = os.dup(1)
    emit = event_pipe(stop)
    try:
        settings = load_train_config(Path(config))
        require_stack()
        # Before torch is: what is wrong with the rows is said at once.
        data = load_run_data(settings)
        if settings.device != "cpu":
            launch_distributed(MODULE, given, out)
        reason = _run(settings, data, emit, resume, stop)
    except NovelcraftError as error:
        emit(TrainFailed(error=error.message, fix=error.fix, exit_code=error.exit_code))
        sys.exit(error.exit_code)
    sys.exit(LOST if reason == "nan" else 0)


def _run(
    config: TrainConfig,
    data: RunData,
    emit: OnEvent[TrainEvent],
    resume: bool,
    stop: Stop,
) -> str:
    with _alone(Path(config.output).expanduser() / CHECKPOINTS):
        from novelcraft.finetune.training.train import run_training

        return run_training(config, emit, resume=resume, stop=stop, data=data).reason


def _alone(folder: Path) -> AbstractContextManager[object]:
    """Hold a run's checkpoints: one process may outlive whoever started it for a while.

    Of several processes of a run, the first holds them for all.

    Raises:
        ProjectBusyError: Another process works on the run.
    """
    if os.environ.get("RANK", "0") != "0":
        return nullcontext()
    with storage_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
    return ProjectLock(folder)


if __name__ == "__main__":
    main()
