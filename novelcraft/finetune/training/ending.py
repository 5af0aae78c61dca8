"""Whether a run has come to its end, as its last checkpoint has it. Nothing here loads torch."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from novelcraft.errors import CheckpointError
from novelcraft.finetune.settings.config import TrainConfig

STATE_FILE = "trainer_state.json"
"""A checkpoint's file about the loop, as transformers names it."""
EVAL_LOSS = "eval_loss"
"""The validation loss, in the loop's log."""


@dataclass(frozen=True)
class Ending:
    """The end that a run came to."""

    reason: Literal["finished", "early"]
    step: int
    best: int
    """The step of the best validation; 0 where nothing was validated."""


def patience_spent(config: TrainConfig, step: int, best: int) -> bool:
    """Whether validation has not become better for too long.

    Args:
        config: The run's settings.
        step: The step of a validation that was no better.
        best: The step of the best.
    """
    every = config.eval_steps
    return step // every - best // every >= config.early_stopping_patience


def find_ending(checkpoint: Path, config: TrainConfig) -> Ending | None:
    """The end that a run had come to with a checkpoint; None where it was to go on.

    Raises:
        CheckpointError: The checkpoint is damaged.
    """
    file = checkpoint / STATE_FILE
    try:
        state = json.loads(file.read_text(encoding="utf-8"))
        step, steps = int(state["global_step"]), int(state["max_steps"])
        best = int(state["best_global_step"] or 0)
        validated = [entry["step"] for entry in state["log_history"] if EVAL_LOSS in entry]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CheckpointError(
            f"{file} cannot be read: {error}.",
            fix=f"Remove {checkpoint}, and resume from the checkpoint before.",
        ) from error
    if step >= steps:
        return Ending("finished", step, best)
    # What counts is a validation of this very step: patience is not looked at between two.
    turned = config.early_stopping and bool(best) and step in validated[-1:]
    if turned and patience_spent(config, step, best):
        return Ending("early", step, best)
    return None
