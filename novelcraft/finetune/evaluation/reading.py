"""An adapter's evaluation, read from its folder. Nothing here loads torch."""

from __future__ import annotations

import hashlib
from pathlib import Path

from novelcraft.errors import AdapterError
from novelcraft.finetune.registry.folder import WEIGHTS_FILE
from novelcraft.state.evaluation import Evaluation

EVALUATION_FILE = "evaluation.json"


def read_evaluation(adapter: Path) -> Evaluation | None:
    """The evaluation of an adapter; None where there is none, or one of other weights.

    Raises:
        AdapterError: The file is damaged, or the adapter has no weights.
    """
    file = adapter / EVALUATION_FILE
    if not file.is_file():
        return None
    try:
        found = Evaluation.model_validate_json(file.read_bytes())
    except ValueError as error:
        raise AdapterError(
            f"{file} is no evaluation that can be read: {str(error).splitlines()[0]}",
            fix="Evaluate the adapter again: novelcraft adapter eval.",
        ) from error
    return found if found.adapter_sha256 == weights_hash(adapter) else None


def weights_hash(adapter: Path) -> str:
    """SHA-256 of an adapter's weights, 64 hex digits.

    Raises:
        AdapterError: There are none, or they cannot be read.
    """
    file = adapter / WEIGHTS_FILE
    try:
        with file.open("rb") as opened:
            return hashlib.file_digest(opened, "sha256").hexdigest()
    except OSError as error:
        raise AdapterError(
            f"{file} cannot be read: {error.strerror or error}.",
            fix="Give the adapter folder of a training run.",
        ) from error
