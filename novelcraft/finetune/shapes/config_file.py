"""The sizes of a model as its `config.json` has them, whatever its family calls them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from novelcraft.errors import ConfigError
from novelcraft.finetune.shapes.shapes import ModelShape

_LAYERS = ("num_hidden_layers", "n_layer", "n_layers", "num_layers")
_HIDDEN = ("hidden_size", "n_embd", "d_model")
_HEADS = ("num_attention_heads", "n_head", "n_heads")
_KEY_VALUE_HEADS = ("num_key_value_heads", "num_kv_heads", "n_head_kv", "multi_query_group_num")
_HEAD_SIZE = ("head_dim", "kv_channels", "attention_head_dim")
_INTERMEDIATE = ("intermediate_size", "ffn_hidden_size", "n_inner", "ffn_dim")
_VOCABULARY = ("vocab_size", "padded_vocab_size")
_EXPERTS = ("num_experts", "num_local_experts", "n_routed_experts", "moe_num_experts")
_ACTIVE = ("num_experts_per_tok", "num_experts_per_token", "experts_per_token", "moe_k")
_EXPERT_INTERMEDIATE = ("moe_intermediate_size", "expert_intermediate_size", *_INTERMEDIATE)

_DEFAULTS: Mapping[str, Mapping[str, Any]] = {
    "gemma3_text": {
        "num_attention_heads": 8,
        "num_key_value_heads": 4,
        "head_dim": 256,
        "vocab_size": 262_208,
    },
}
"""What published files of a family leave out, as transformers fills it in."""

_TIED = ("gemma", "cohere", "falcon", "gpt2", "bloom", "opt", "mpt", "starcoder2", "smollm3")
"""Beginnings of the families whose output head is the embedding's matrix, unless they say not."""

_WITHOUT_GATE = (
    "apertus", "arcee", "bloom", "codegen", "falcon", "gpt2", "gpt_bigcode", "gpt_neo", "gptj",
    "mpt", "nemotron", "opt", "persimmon", "phi", "starcoder2",
)  # fmt: skip
"""Families whose feed-forward blocks have one projection up, not two that are multiplied."""

_ATTENTION_LAYERS = ("full_attention", "sliding_attention", "chunked_attention", "attention")
_LINEAR_LAYER = "linear_attention"

_UNKNOWN_FORMS = (
    "kv_lora_rank", "attn_layer_period", "block_configs", "hybrid_override_pattern",
    "layers_block_type", "mamba_d_state", "ssm_cfg",
)  # fmt: skip
"""Fields of forms of layers whose matrices are not understood."""


def read_shape(folder: Path) -> ModelShape:
    """The sizes of the model in a folder.

    Raises:
        ConfigError: The folder has no readable `config.json`, or one that does not say a size.
    """
    path = folder / "config.json"
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(
            f"{folder} holds no model: it has no config.json.",
            fix="Name the folder that a model was downloaded to, or its name on the hub.",
        ) from None
    except (OSError, ValueError) as error:
        raise ConfigError(
            f"{path} cannot be read: {error}.", fix="Download the model again."
        ) from error
    if not isinstance(config, dict):
        raise ConfigError(f"{path} holds no JSON object.", fix="Download the model again.")
    return shape_of(config, name=folder.name)


def shape_of(config: Mapping[str, Any], *, name: str) -> ModelShape:
    """The sizes of a decoder in the fields of a `config.json`.

    Families call a size by different names, and models that also read images keep a writer's
    sizes in a part of their own; all of that is understood, whatever the family.

    Raises:
        ConfigError: It does not say a size, or says one that cannot be, or its layers are of a
            form that is not understood; names the field.
    """
    fields = _Fields(config, name)
    fields.check_form()
    try:
        return _shape(fields)
    except (TypeError, ValueError, ArithmeticError) as error:
        raise ConfigError(
            f"The config.json of {name} has a size that cannot be: {error}.",
            fix="Download the model again.",
        ) from error


class _Fields:
    """The fields of a configuration, those of the part that writes before the whole's."""

    def __init__(self, config: Mapping[str, Any], name: str) -> None:
        text = config.get("text_config")
        inner = text if isinstance(text, dict) else {}
        self.name = name
        self.family = str(inner.get("model_type") or config.get("model_type") or "")
        self._fields = {**_DEFAULTS.get(self.family, {}), **config, **inner}

    def find(self, *names: str) -> Any:
        """The first that is there and says something; None without one."""
        return next((v for name in names if (v := self._fields.get(name)) is not None), None)

    def count(self, *names: str) -> int:
        """A number that has to be there.

        Raises:
            ConfigError: It is not; names the field.
        """
        found = self.find(*names)
        if found is None:
            others = f" (nor {', '.join(names[1:])})" if names[1:] else ""
            raise self.unknown(f"does not say {names[0]}{others}")
        if isinstance(found, bool) or not isinstance(found, int):
            raise self.unknown(f"has {found!r} for {names[0]}, which is no number")
        return found

    def check_form(self) -> None:
        """See that the model is a decoder of layers that are understood.

        Raises:
            ConfigError: It is not; names the field.
        """
        if not self.family:
            raise self.unknown("does not say model_type")
        if self.find("is_encoder_decoder"):
            raise self.unknown("is of an encoder with a decoder (is_encoder_decoder)")
        for field in _UNKNOWN_FORMS:
            if self.find(field):
                raise self.unknown(f"has {field}: the sizes of such layers are not understood")
        known = (*_ATTENTION_LAYERS, _LINEAR_LAYER)
        strange = next((kind for kind in self.layer_types if kind not in known), None)
        if strange is not None:
            raise self.unknown(f"has layer_types with {strange!r}, which is not understood")

    @property
    def layer_types(self) -> list[Any]:
        """The form of each layer's attention; empty where all are alike."""
        return list(self.find("layer_types") or ())

    def unknown(self, why: str) -> ConfigError:
        """What to say where a size cannot be told."""
        return ConfigError(
            f"The config.json of {self.name} {why}: its memory cannot be estimated.",
            fix="Take a base whose config.json says its sizes, or train without a plan.",
        )


def _shape(fields: _Fields) -> ModelShape:
    heads, hidden = fields.count(*_HEADS), fields.count(*_HIDDEN)
    head = fields.find(*_HEAD_SIZE) or hidden // heads
    layers = fields.count(*_LAYERS)
    sparse = _sparse_layers(fields, layers)
    linear = fields.layer_types.count(_LINEAR_LAYER)
    tied = fields.find("tie_word_embeddings")
    return ModelShape(
        name=fields.name,
        family=fields.family,
        layers=layers,
        hidden=hidden,
        heads=heads,
        query=heads * head,
        key_value=_key_value_heads(fields, heads) * head,
        attention_gate=bool(fields.find("attn_output_gate")),
        linear_attention=linear,
        linear_attention_width=_linear_attention_width(fields) if linear else 0,
        intermediate=_dense_width(fields, hidden) if sparse < layers else 0,
        gated=not fields.family.startswith(_WITHOUT_GATE) or fields.family == "phi3",
        vocabulary=fields.count(*_VOCABULARY),
        tied=fields.family.startswith(_TIED) if tied is None else bool(tied),
        experts=fields.count(*_EXPERTS) if sparse else 0,
        active_experts=fields.count(*_ACTIVE) if sparse else 0,
        expert_intermediate=fields.count(*_EXPERT_INTERMEDIATE) if sparse else 0,
        shared_intermediate=_shared_width(fields) if sparse else 0,
        sparse_layers=sparse,
        other=_layer_embeddings(fields, layers) + _image_encoder(fields.find("vision_config")),
    )


def _key_value_heads(fields: _Fields, heads: int) -> int:
    if fields.find("multi_query") and not fields.find("new_decoder_architecture"):
        return 1
    return int(fields.find(*_KEY_VALUE_HEADS) or heads)


def _dense_width(fields: _Fields, hidden: int) -> int:
    if fields.find(*_INTERMEDIATE) is None and fields.family.startswith(_WITHOUT_GATE):
        # Models of that time do not say it: it is always the same.
        return 4 * hidden
    # First-generation Qwen states the width of gate and up together.
    return fields.count(*_INTERMEDIATE) // (2 if fields.family == "qwen" else 1)


def _sparse_layers(fields: _Fields, layers: int) -> int:
    """How many layers have experts: from one on, every so many, but for those named as dense."""
    if not fields.find(*_EXPERTS):
        if fields.find("moe_intermediate_size", *_ACTIVE):
            fields.count(*_EXPERTS)
        return 0
    step = fields.find("decoder_sparse_step", "interleave_moe_layer_step") or 1
    first = fields.find("first_k_dense_replace") or 0
    dense = set(fields.find("mlp_only_layers") or ())
    return sum((n + 1) % step == 0 and n >= first and n not in dense for n in range(layers))


def _shared_width(fields: _Fields) -> int:
    shared = fields.find("shared_expert_intermediate_size")
    if shared is not None:
        return int(shared)
    count = fields.find("n_shared_experts", "num_shared_experts") or 0
    return int(count) * fields.count(*_EXPERT_INTERMEDIATE)


def _linear_attention_width(fields: _Fields) -> int:
    """Of a gated delta net: queries and keys, values and their gate, two numbers a head, output."""
    keys = fields.count("linear_num_key_heads") * fields.count("linear_key_head_dim")
    heads = fields.count("linear_num_value_heads")
    values = heads * fields.count("linear_value_head_dim")
    return 2 * keys + 2 * values + 2 * heads + values


def _layer_embeddings(fields: _Fields, layers: int) -> int:
    """Parameters of tables that give each layer an embedding of its own."""
    width = fields.find("hidden_size_per_layer_input") or 0
    words = fields.find("vocab_size_per_layer_input", *_VOCABULARY) or 0
    return int(width * words * layers)


def _image_encoder(config: Any) -> int:
    """Parameters of an encoder of images; 0 without one, or where its sizes are not said."""
    if not isinstance(config, dict):
        return 0
    hidden, width, layers = (
        next((config[name] for name in names if isinstance(config.get(name), int)), 0)
        for names in (_HIDDEN, _INTERMEDIATE, (*_LAYERS, "depth"))
    )
    return layers * (4 * hidden**2 + 2 * hidden * width)
