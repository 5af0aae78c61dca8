"""The adapter that a run goes on from: its shape is the run's. Nothing here loads torch."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

from novelcraft.errors import AdapterError
from novelcraft.finetune.adapters.fingerprint import known_weights
from novelcraft.finetune.adapters.folder import CONFIG_FILE, read_adapter
from novelcraft.finetune.adapters.origin import merged_rows
from novelcraft.finetune.adapters.trained import known_rows, known_training
from novelcraft.finetune.settings.config import TrainConfig
from novelcraft.tools.books.rows.tokenizers import BaseTokenizer

_KEYS = {
    "r": "lora_r",
    "lora_alpha": "lora_alpha",
    "target_modules": "lora_target_modules",
    "target_parameters": "lora_target_parameters",
    "use_rslora": "use_rslora",
}
"""PEFT's names of what an adapter's shape is, and ours."""


def start_values(folder: str) -> Mapping[str, Any]:
    """Settings that follow from the adapter that a run goes on from; none without one.

    Raises:
        AdapterError: It is no adapter of ours, or damaged.
    """
    if not folder:
        return {}
    place = Path(folder).expanduser()
    read_adapter(place)
    config = json.loads((place / CONFIG_FILE).read_text(encoding="utf-8"))
    return {ours: _value(config.get(theirs), ours, place) for theirs, ours in _KEYS.items()}


def start_faults(config: TrainConfig) -> Iterator[tuple[str, str]]:
    """Settings that the adapter to go on from contradicts, each with what to do."""
    for key, value in start_values(config.start_adapter).items():
        own = getattr(config, key)
        same = set(own) == set(value) if isinstance(value, tuple) else own == value
        if not same:
            yield (
                f"{key} = {_shown(own)}, but the adapter to go on from has {_shown(value)}.",
                f"Leave {key} out: it follows from start_adapter.",
            )


def check_start(config: TrainConfig, base: BaseTokenizer) -> None:
    """See that the adapter to go on from is one of the same base.

    Raises:
        AdapterError: It was trained with other tokens.
    """
    if not config.start_adapter:
        return
    folder = Path(config.start_adapter).expanduser()
    theirs = known_training(folder)
    if theirs and theirs.tokenizer != base.fingerprint:
        raise AdapterError(
            f"{folder} is an adapter for another base: {config.base_model} has other tokens.",
            fix=f"Give the base that it was trained on: {read_adapter(folder).base_model}.",
        )


def start_marks(config: TrainConfig, rows: str, others: Collection[str] = ()) -> dict[str, Any]:
    """What a run notes of what it goes on from.

    Args:
        config: The run's settings.
        rows: Hash of the run's own rows.
        others: Hashes of what it learns from beside those.

    Returns:
        `start_sha256`: of the weights of the adapter that it goes on from, if it does: a
        reference that changes is another reference.
        `earlier_rows`: hashes of all but its own rows that it knows, from runs before this one
        too.

    Raises:
        AdapterError: The adapter is not there any more.
    """
    known = {*others, *merged_rows(config.base_model)}
    marks: dict[str, Any] = {}
    if config.start_adapter:
        folder = Path(config.start_adapter).expanduser()
        known |= known_rows(folder)
        marks["start_sha256"] = known_weights(folder)
    return {**marks, "earlier_rows": sorted(known - {rows})}


def _value(value: Any, key: str, folder: Path) -> Any:
    default = TrainConfig.model_fields[key].default
    if isinstance(default, tuple):
        if isinstance(value, str):
            raise AdapterError(
                f"{folder} names its layers by a pattern: {value}.",
                fix="Give an adapter of `novelcraft train`.",
            )
        return tuple(sorted(value or ()))
    return type(default)(value) if value is not None else default


def _shown(value: Any) -> str:
    return f"[{', '.join(value)}]" if isinstance(value, tuple) else str(value)
