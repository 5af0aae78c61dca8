"""An adapter's evaluation, read from its folder. Nothing here loads torch."""

from __future__ import annotations

from pathlib import Path

from novelcraft.errors import AdapterError
from novelcraft.finetune.adapters.fingerprint import known_weights
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
    return found if found.adapter_sha256 == known_weights(adapter) else None
