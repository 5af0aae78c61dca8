"""How long pairs and judged scenes are, for a plan. Nothing here loads torch."""

from __future__ import annotations

from novelcraft.finetune.config import TrainConfig
from novelcraft.finetune.dataset import prompt_of
from novelcraft.finetune.planning.workload import RowTokens
from novelcraft.finetune.preferences.data import load_labels, load_pairs


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
