"""What a run is set to where its file is silent: by the family of its base, for a small data set.

A shelf of one writer's books is a few million tokens. A large rank holds a voice, three passes
are enough to learn it and not yet enough to learn it by heart, and the best checkpoint is kept.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, get_args

from novelcraft.errors import ConfigError
from novelcraft.finetune.shapes.bases import known_shape
from novelcraft.finetune.shapes.config_file import read_shape
from novelcraft.finetune.shapes.shapes import ModelShape
from novelcraft.state.train_events import Method

PresetName = Literal[
    "auto",
    "dense",
    "qwen3-30b-a3b",
    "qwen3",
    "llama-3.1-8b",
    "qwen2.5-7b",
    "qwen2.5-14b",
    "mistral-nemo-12b",
    "smollm2-135m",
]
PRESETS: tuple[PresetName, ...] = get_args(PresetName)
METHODS: tuple[Method, ...] = get_args(Method)

ATTENTION = ("q_proj", "k_proj", "v_proj", "o_proj")
LINEAR = (*ATTENTION, "gate_proj", "up_proj", "down_proj")
EXPERTS = ("mlp.experts.gate_up_proj", "mlp.experts.down_proj")
"""The experts of a sparse model, which transformers holds as one parameter a layer."""

_DENSE: Mapping[str, Any] = {
    "load_in_4bit": True,
    "lora_r": 64,
    "lora_alpha": 64.0,
    "lora_target_modules": LINEAR,
    "learning_rate": 1e-4,
}
# Every expert has tensors of its own: of rank 64 they would be 2.6 billion numbers.
_SPARSE: Mapping[str, Any] = {
    "load_in_4bit": True,
    "lora_r": 16,
    "lora_alpha": 16.0,
    "lora_target_modules": ATTENTION,
    "lora_target_parameters": EXPERTS,
    "learning_rate": 1e-4,
}
_SMALLER: Mapping[str, Any] = {
    "load_in_4bit": False,
    "learning_rate": 5e-4,
    "gradient_checkpointing": False,
}
_TINY: Mapping[str, Any] = {**_DENSE, **_SMALLER}
_VALUES: Mapping[PresetName, Mapping[str, Any]] = {
    "dense": _DENSE,
    "qwen3-30b-a3b": _SPARSE,
    "qwen3": _DENSE,
    "llama-3.1-8b": _DENSE,
    "qwen2.5-7b": _DENSE,
    "qwen2.5-14b": {**_DENSE, "learning_rate": 8e-5},
    "mistral-nemo-12b": {**_DENSE, "learning_rate": 5e-5},
    "smollm2-135m": _TINY,
}
_SMALL = 1_000_000_000
"""Weights below which a base is trained as it is: four bits would save nothing worth having."""


def preset_values(name: PresetName, base: str) -> Mapping[str, Any]:
    """The values of a preset; of `auto`, those that fit the base."""
    if name != "auto":
        return _VALUES[name]
    shape = base_shape(base)
    if shape is None:
        return _DENSE
    small = shape.parameters < _SMALL
    if shape.experts:
        return {**_SPARSE, **_SMALLER} if small else _SPARSE
    return _TINY if small else _VALUES[_named(shape)]


def method_values(method: Method, preset: Mapping[str, Any]) -> Mapping[str, Any]:
    """What preference tuning is set to otherwise than a preset says.

    It moves a narrator that can write already: in one pass, at a tenth of the learning rate.
    Neither packs nor dropout nor noise: what is compared are the probabilities of whole scenes.
    """
    if method == "sft":
        return {}
    return {
        "learning_rate": preset.get("learning_rate", _DENSE["learning_rate"]) / 10,
        "num_epochs": 1.0,
        "packing": False,
        "lora_dropout": 0.0,
        "neftune_noise_alpha": 0.0,
    }


def base_shape(base: str) -> ModelShape | None:
    """The sizes of a base; None for one whose sizes cannot be told.

    What is wrong with a folder is said when the model is loaded from it.
    """
    folder = Path(base).expanduser()
    try:
        return read_shape(folder) if folder.is_dir() else known_shape(base)
    except ConfigError:
        return None


def embedding_size(base: str) -> int | None:
    """The number of tokens that a base has embeddings for; None where that cannot be told."""
    try:
        config = json.loads((Path(base).expanduser() / "config.json").read_text(encoding="utf-8"))
        size = (config.get("text_config") or config).get("vocab_size")
    except (OSError, ValueError, AttributeError):
        shape = base_shape(base)
        size = shape.vocabulary if shape else None
    return size if isinstance(size, int) else None


def _named(shape: ModelShape) -> PresetName:
    name = shape.name.lower()
    return next((preset for preset in PRESETS if name.startswith(preset)), "dense")
