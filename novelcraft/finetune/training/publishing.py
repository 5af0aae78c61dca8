"""The adapter of a run, made from one of its checkpoints. Nothing here loads torch."""

from __future__ import annotations

import filecmp
import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from novelcraft.errors import CheckpointError
from novelcraft.finetune.adapters.folder import CONFIG_FILE, TRAINING_FILE, WEIGHTS_FILE
from novelcraft.finetune.adapters.trained import known_training
from novelcraft.finetune.stack import stack_versions
from novelcraft.finetune.training.checkpoints import Checkpoints
from novelcraft.finetune.training.metrics import METRICS_FILE
from novelcraft.tools.storage.files import storage_errors
from novelcraft.tools.storage.folders import sync_folder

ADAPTER = "adapter"
"""Its folder, in the folder of the run."""


def require_new(folder: Path, checkpoints: Checkpoints) -> None:
    """See that a run which begins in a folder takes the place of no other.

    Args:
        folder: The run's.
        checkpoints: The run's.

    Raises:
        CheckpointError: It would: the folder holds the checkpoints of a run, or its adapter.
    """
    if checkpoints.steps():
        raise CheckpointError(
            f"{folder} holds the checkpoints of a run.",
            fix="Give --resume to go on with it, or another output folder.",
        )
    if (folder / ADAPTER / WEIGHTS_FILE).is_file():
        raise CheckpointError(
            f"{folder} holds the adapter of a run, and no checkpoints of it: a run that begins "
            "there would write over it.",
            fix=f"Give another output folder, or move {folder / ADAPTER} away.",
        )


def publish(
    folder: Path, checkpoints: Checkpoints, best: int, about: Mapping[str, Any]
) -> Path | None:
    """Make the best checkpoint's adapter the run's; without a best one, the last's.

    An adapter that is there already as it should be is left alone, with all that lies beside its
    weights: its evaluation, its card.

    Args:
        folder: The run's.
        checkpoints: The run's.
        best: The step of the best validation; 0 for none.
        about: What the run was started with.

    Returns:
        The adapter's folder; None where there is no checkpoint.

    Raises:
        DiskFullError, ReadOnlyError, ExportError: It could not be written.
    """
    steps = checkpoints.steps()
    if not steps:
        return None
    step = best if best in steps else steps[-1]
    source, target = checkpoints.path(step), folder / ADAPTER
    partial = folder / f".writing-{ADAPTER}"
    with storage_errors(target):
        if _is_whole(target, source, step):
            return target
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        for name in (WEIGHTS_FILE, CONFIG_FILE):
            shutil.copyfile(source / name, partial / name)
        training = {**about, "step": step, "versions": stack_versions()}
        if (folder / METRICS_FILE).is_file():
            shutil.copyfile(folder / METRICS_FILE, partial / METRICS_FILE)
        (partial / TRAINING_FILE).write_text(json.dumps(training, indent=2), encoding="utf-8")
        sync_folder(partial)
        shutil.rmtree(target, ignore_errors=True)
        partial.rename(target)
    return target


def _is_whole(adapter: Path, source: Path, step: int) -> bool:
    """Whether the adapter is that of the step, with nothing missing."""
    try:
        same = all(
            filecmp.cmp(adapter / name, source / name, shallow=False)
            for name in (WEIGHTS_FILE, CONFIG_FILE)
        )
    except (OSError, ValueError):
        return False
    training = known_training(adapter)
    return same and training is not None and training.step == step
