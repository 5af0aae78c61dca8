"""An evaluation as seen by whoever started it. Nothing here loads torch."""

from __future__ import annotations

import sys
from pathlib import Path

from novelcraft.finetune.training.process import EventProcess
from novelcraft.state.evaluation import EvalSettings
from novelcraft.state.train_events import EvalFinished, TrainFailed


class EvaluationProcess(EventProcess):
    """An evaluation; its last event is an `EvalFinished` or a `TrainFailed`.

    Cancelled, it leaves no evaluation of its own, and an earlier one as it was.

    Args:
        adapter: The adapter's folder, as a training run leaves it.
        data: The data folder that the run had its rows from.
        settings: How to evaluate.
        base: The base model, where it has moved; empty for the one that the adapter names.
        python: The interpreter that has the training stack.
    """

    ends = (EvalFinished, TrainFailed)
    what = "The evaluation"
    fix = (
        "Start it again. If it is killed again, it takes more memory than there is: set a smaller "
        "batch_size or scene_tokens."
    )

    def __init__(
        self,
        adapter: Path,
        data: Path,
        settings: EvalSettings | None = None,
        *,
        base: str = "",
        python: str = sys.executable,
    ) -> None:
        given = (settings or EvalSettings()).model_dump_json()
        arguments = [str(adapter), "--data", str(data), "--settings", given]
        if base:
            arguments += ["--base", base]
        super().__init__("novelcraft.finetune.evaluation.worker", *arguments, python=python)
