"""The process of an evaluation.

    python -m novelcraft.finetune.evaluation.worker ADAPTER --data DIR [--base MODEL]
                                                    [--settings JSON]

Its standard output is the evaluation's events, one line of JSON each, and nothing else. SIGINT or
SIGTERM stops it at the next token, and leaves an earlier evaluation as it was; a second one ends
it at once.
"""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from pathlib import Path

from novelcraft.errors import ConfigError, NovelcraftError
from novelcraft.finetune.evaluation.material import load_material
from novelcraft.finetune.stack import require_stack
from novelcraft.finetune.training.event_pipe import event_pipe
from novelcraft.finetune.training.stopping import Stop
from novelcraft.state.evaluation import EvalSettings
from novelcraft.state.stream import OnEvent
from novelcraft.state.train_events import TrainEvent, TrainFailed

STOPPED = 130
"""Exit code of an evaluation that was told to stop."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Evaluate, and exit with the code of what went wrong, if anything did."""
    given = _parsed(arguments)
    stop = Stop()
    stop.listen()
    emit = event_pipe(stop)
    try:
        failed = _run(given, emit, stop)
    except NovelcraftError as error:
        failed = TrainFailed(error=error.message, fix=error.fix, exit_code=error.exit_code)
    if failed:
        emit(failed)
        sys.exit(failed.exit_code)


def _run(given: Namespace, emit: OnEvent[TrainEvent], stop: Stop) -> TrainFailed | None:
    settings = _settings(given.settings)
    # Before torch is: what is wrong with the adapter or the rows is said at once.
    material = load_material(given.adapter, given.data, given.base)
    require_stack()
    from novelcraft.finetune.evaluation.evaluator import StoppedError, evaluate

    try:
        evaluate(material, settings, emit, stop)
    except StoppedError:
        return TrainFailed(
            error="The evaluation was stopped.", fix="Start it again.", exit_code=STOPPED
        )
    return None


def _parsed(arguments: Sequence[str] | None) -> Namespace:
    parser = ArgumentParser(description="Evaluate an adapter against its base.")
    parser.add_argument("adapter", type=Path, help="the adapter's folder")
    parser.add_argument("--data", type=Path, required=True, help="the data folder of its run")
    parser.add_argument("--base", default="", help="the base model, where it has moved")
    parser.add_argument("--settings", default="{}", help="how to evaluate, as JSON")
    return parser.parse_args(arguments)


def _settings(text: str) -> EvalSettings:
    try:
        return EvalSettings.model_validate_json(text)
    except ValueError as error:
        raise ConfigError(
            f"The evaluation cannot be done so: {error}", fix="Change the setting that is named."
        ) from error


if __name__ == "__main__":
    main()
