"""What a run was started with, by which a resumed one is known to be the same.

Nothing here loads torch.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from novelcraft.errors import CheckpointError
from novelcraft.finetune.checkpoints import Checkpoints
from novelcraft.finetune.config import TrainConfig
from novelcraft.finetune.dataset import TrainingData
from novelcraft.finetune.rundata import RunData
from novelcraft.tools.export.files import write_atomic

RUN_FILE = "run.json"
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
    mine = {
        "config": json.loads(config.model_dump_json()),
        "data_hash": data.data_hash,
        **({} if isinstance(data, TrainingData) else {"pairs_hash": data.pairs_hash}),
        "tokenizer": data.tokenizer.fingerprint,
    }
    if not resume:
        checkpoints.require_none()
        write_atomic(file, json.dumps(mine, indent=2).encode())
        return mine
    theirs = json.loads(file.read_text(encoding="utf-8"))
    changed = _changes(theirs, mine)
    if changed:
        raise CheckpointError(
            f"The run in {folder} was started otherwise: {'; '.join(changed)}.",
            fix="Resume with what it was started with, or start a run in another folder.",
        )
    return mine


def _changes(theirs: dict[str, Any], mine: dict[str, Any]) -> list[str]:
    changed = []
    if theirs["data_hash"] != mine["data_hash"]:
        changed.append("the rows have changed")
    if theirs.get("pairs_hash") != mine.get("pairs_hash"):
        changed.append("the pairs have changed")
    if theirs["tokenizer"] != mine["tokenizer"]:
        changed.append("the base model's tokenizer has changed")
    for key, value in mine["config"].items():
        was = theirs["config"].get(key)
        if key not in _FREE and was != value:
            changed.append(f"{key} was {was}, and is {value}")
    return changed
