"""Lengths of rows, pairs and judged scenes, for a plan. Nothing here loads torch."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from novelcraft.finetune.data.preferences import load_labels, load_pairs
from novelcraft.finetune.data.rows import prompt_of
from novelcraft.finetune.settings.config import TrainConfig
from novelcraft.state.rows import TrainingRow


class RowTokens(NamedTuple):
    """The lengths of a row, as the base model counts them."""

    row_id: str
    prompt: int
    completion: int

    @property
    def total(self) -> int:
        """Both."""
        return self.prompt + self.completion


def row_tokens(rows: Iterable[TrainingRow]) -> list[RowTokens]:
    """The lengths of rows."""
    return [RowTokens(row.row_id, row.prompt_tokens, row.completion_tokens) for row in rows]


def scene_lengths(config: TrainConfig) -> list[RowTokens]:
    """The lengths of what a run trains on: of each pair the longer scene, or the judged scenes.

    Pairs come without numbers of tokens, so they are counted: the base's tokenizer must be there.

    Raises:
        PreferenceError: There are none, too few, or some that cannot be learnt from.
        ConfigError, ModelDownloadError: The tokenizer cannot be had.
    """
    if config.method == "dpo":
        pairs = load_pairs(config).train
        return [_tokens(pair.name, len(prompt_of(pair.chosen)), pair.longest) for pair in pairs]
    labels = load_labels(config).train
    return [_tokens(label.name, len(prompt_of(label.row)), label.longest) for label in labels]


def _tokens(name: str, prompt: int, whole: int) -> RowTokens:
    return RowTokens(name, prompt, whole - prompt)
