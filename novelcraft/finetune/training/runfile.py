"""What a run was started with, by which a resumed one is known to be the same.

Nothing here loads torch.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from novelcraft.errors import CheckpointError
from novelcraft.finetune.data.preferences import RunData
from novelcraft.finetune.data.rows import TrainingData
from novelcraft.finetune.settings.config import TrainConfig
from novelcraft.finetune.settings.start_adapter import start_marks
from novelcraft.finetune.training.checkpoints import Checkpoints
from novelcraft.finetune.training.publishing import require_new
from novelcraft.tools.storage.files import write_atomic

RUN_FILE = "run.json"
THREADS = "threads"
"""Key of the number of threads that a run computes with; missing where none was chosen."""
CHECKPOINTS = "checkpoints"
"""Folder of a run's checkpoints."""
_FREE = (
    "output",
    "save_steps",
    "keep_checkpoints",
    "sample_steps",
    "samples",
    "sample_tokens",
    "tracker",
    "evaluate",
    "evaluation_words",
    "evaluation_probes",
    "base_licence",
    "books_licence",
)
"""Settings that a resumed run may change: nothing that is learnt depends on them."""


def claim(
    folder: Path, checkpoints: Checkpoints, config: TrainConfig, data: RunData, *, resume: bool
) -> dict[str, Any]:
    """Take a run's folder, or see that it is this run's.

    Returns:
        What the run was started with.

    Raises:
        CheckpointError: It is another run's.
    """
    file = folder / RUN_FILE
    pairs = None if isinstance(data, TrainingData) else data
    others = [pairs.pairs_hash] if pairs and pairs.strangers else []
    mine = {
        "config": config.model_dump(mode="json"),
        "data_hash": data.data_hash,
        **({"pairs_hash": pairs.pairs_hash} if pairs else {}),
        "tokenizer": data.tokenizer.fingerprint,
        **start_marks(config, data.data_hash, others),
    }
    if not resume:
        require_new(folder, checkpoints)
        write_atomic(file, json.dumps(mine, indent=2).encode())
        return mine
    theirs = _started_with(file)
    _refuse_changes(folder, [*_data_changes(theirs, mine), *_setting_changes(theirs, config)])
    return {**mine, **({THREADS: theirs[THREADS]} if THREADS in theirs else {})}


def keep_threads(folder: Path, about: Mapping[str, Any], threads: int) -> dict[str, Any]:
    """Note the number of threads that a run computes with beside what it was started with."""
    noted = {**about, THREADS: threads}
    write_atomic(folder / RUN_FILE, json.dumps(noted, indent=2).encode())
    return noted


def check_settings(folder: Path, config: TrainConfig) -> None:
    """See that a run's settings are those that it was started with, before anything is done.

    Raises:
        CheckpointError: They are not, or the folder does not say.
    """
    _refuse_changes(folder, _setting_changes(_started_with(folder / RUN_FILE), config))


def _started_with(file: Path) -> dict[str, Any]:
    try:
        read = json.loads(file.read_text(encoding="utf-8"))
        return {**read, "config": dict(read["config"])}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CheckpointError(
            f"{file} does not say what the run was started with: {error}.",
            fix="Start a run in another folder.",
        ) from error


def _refuse_changes(folder: Path, changed: list[str]) -> None:
    if changed:
        raise CheckpointError(
            f"The run in {folder} was started otherwise: {'; '.join(changed)}.",
            fix="Resume with what it was started with, or start a run in another folder.",
        )


def _data_changes(theirs: dict[str, Any], mine: dict[str, Any]) -> list[str]:
    changed = []
    if theirs.get("data_hash") != mine["data_hash"]:
        changed.append("the rows have changed")
    if theirs.get("pairs_hash") != mine.get("pairs_hash"):
        changed.append("the pairs have changed")
    if theirs.get("start_sha256") != mine.get("start_sha256"):
        changed.append("the adapter that it goes on from has changed")
    if theirs.get("tokenizer") != mine["tokenizer"]:
        changed.append("the base model's tokenizer has changed")
    return changed


def _setting_changes(theirs: dict[str, Any], config: TrainConfig) -> list[str]:
    was, now = theirs["config"], config.model_dump(mode="json")
    return [
        f"{key} was {was.get(key)}, and is {value}"
        for key, value in now.items()
        if key not in _FREE and was.get(key) != value
    ]
