"""What preferences are measured against."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from novelcraft.errors import PreferenceError
from novelcraft.finetune.data.rows import TrainRow, prompt_of

_COPY = "ref"
"""The name of the copy that TRL makes of an adapter, to compute a reference with."""


def drop_copy(model: Any) -> None:
    """Take the copy of the adapter away: the reference is computed before training."""
    if _COPY in model.peft_config:
        model.delete_adapter(_COPY)


def mismatched(rows: Sequence[TrainRow], longest: int) -> list[TrainRow]:
    """Each row's prompt with the scene of another one.

    It is the scene of the nearest row before it (before the first comes the last) that answers
    another prompt and fits.

    Args:
        rows: In the order in which they are trained on.
        longest: Tokens that prompt and scene together may have.

    Raises:
        PreferenceError: For some prompt there is no other scene that fits.
    """
    return [_with_other(rows, number, longest) for number in range(len(rows))]


def _with_other(rows: Sequence[TrainRow], number: int, longest: int) -> TrainRow:
    row = rows[number]
    prompt = prompt_of(row)
    for back in range(1, len(rows)):
        other = rows[number - back]
        theirs = prompt_of(other)
        scene = other.tokens[len(theirs) :]
        if theirs != prompt and len(prompt) + len(scene) <= longest:
            labels = (*row.labels[: len(prompt)], *scene)
            return TrainRow(row.row_id, row.chapter, (*prompt, *scene), labels)
    raise PreferenceError(
        f"No scene of another prompt fits after the prompt of {row.row_id}, within max_length = "
        f"{longest} tokens. KTO measures with such scenes how far the narrator has moved.",
        fix="Set a larger max_length, or method: dpo.",
    )
