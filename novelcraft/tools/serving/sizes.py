"""What a model takes in memory, from its files: weights, cache of a token, adapters."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from novelcraft.errors import ConfigError

_BYTES = {"float32": 4, "float": 4, "bfloat16": 2, "float16": 2, "half": 2, "auto": 2}
_CACHE_BYTES = {"auto": 0.0, "fp8": 1.0, "fp8_e4m3": 1.0, "fp8_e5m2": 1.0}
_FLOATS = {"F32", "BF16", "F16", "F64"}
"""Types of tensors that are loaded as whatever the model runs in; others stay as they are."""
_ATTENTION = ("full_attention", "attention", "sliding_attention", "chunked_attention", "*")
"""Kinds of layers that keep keys and values, as the configs of hybrid models name them."""


def read_config(folder: Path) -> dict[str, Any]:
    """The `config.json` of a model's folder.

    Raises:
        ConfigError: There is none, or it cannot be read.
    """
    file = folder / "config.json"
    try:
        config = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigError(
            f"{folder} holds no model: its config.json cannot be read ({error}).",
            fix="Name the folder that a model was downloaded or unpacked to.",
        ) from error
    if not isinstance(config, dict):
        raise ConfigError(f"{file} holds no JSON object.", fix="Download the model again.")
    text = config.get("text_config")
    return {**config, **text} if isinstance(text, dict) else config


def find_snapshot(hub: str) -> Path | None:
    """The folder in which the hub's own tools keep a model; None where it was not downloaded."""
    home = os.environ.get("HF_HOME") or str(
        Path(os.environ.get("HOME", "~")) / ".cache" / "huggingface"
    )
    cache = Path(os.environ.get("HF_HUB_CACHE") or Path(home) / "hub").expanduser()
    snapshots = cache / f"models--{hub.replace('/', '--')}" / "snapshots"
    found = [path for path in snapshots.glob("*") if (path / "config.json").is_file()]
    return max(found, key=lambda path: path.stat().st_mtime, default=None)


def weight_bytes(folder: Path, dtype: str) -> int:
    """Bytes that a model's weights take when they are loaded.

    Args:
        folder: The model's, with its safetensors files.
        dtype: What it runs in; `auto` is what it is stored in.

    Raises:
        ConfigError: There are no safetensors, or one is damaged.
    """
    shards = sorted(folder.glob("*.safetensors"))
    if not shards:
        raise ConfigError(
            f"{folder} has no weights: there is no safetensors file in it.",
            fix="Download the model again, or name another folder.",
        )
    return sum(_shard_bytes(shard, dtype) for shard in shards)


def _shard_bytes(shard: Path, dtype: str) -> int:
    try:
        with shard.open("rb") as opened:
            length = int.from_bytes(opened.read(8), "little")
            if length > shard.stat().st_size:
                raise ValueError("its header is longer than the file")
            header = json.loads(opened.read(length))
        tensors = [entry for name, entry in header.items() if name != "__metadata__"]
        return sum(_tensor_bytes(tensor, dtype) for tensor in tensors)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ConfigError(f"{shard} is damaged: {error}.", fix="Download it again.") from error


def _tensor_bytes(tensor: Mapping[str, Any], dtype: str) -> int:
    begin, end = tensor["data_offsets"]
    if dtype == "auto" or tensor["dtype"] not in _FLOATS:
        return int(end - begin)
    return int(math.prod(tensor["shape"]) * _BYTES[dtype])


def attention_layers(config: Mapping[str, Any]) -> int:
    """Layers that keep keys and values of each token: all, but for hybrid models."""
    layers = int(config["num_hidden_layers"])
    kinds = config.get("layer_types") or config.get("layers_block_type")
    kinds = kinds or config.get("hybrid_override_pattern")
    if kinds:
        return sum(kind in _ATTENTION for kind in kinds)
    interval = config.get("full_attention_interval")
    return layers // int(interval) if interval else layers


def kv_bytes_per_token(
    config: Mapping[str, Any], *, dtype: str = "auto", cache_dtype: str = "auto"
) -> int:
    """Bytes of cache that one token takes.

    Args:
        config: The model's `config.json`, or what of it sizes follow from.
        dtype: What the model runs in.
        cache_dtype: vLLM's `--kv-cache-dtype`.
    """
    width = _CACHE_BYTES.get(cache_dtype, 0.0) or _BYTES.get(dtype, 2)
    layers = attention_layers(config)
    if latent := config.get("kv_lora_rank"):
        return int(layers * (int(latent) + int(config["qk_rope_head_dim"])) * width)
    heads = int(config["num_attention_heads"])
    head = config.get("head_dim") or int(config["hidden_size"]) // heads
    pairs = config.get("num_key_value_heads") or heads
    return int(2 * layers * int(pairs) * int(head) * width)


def state_bytes(config: Mapping[str, Any]) -> int:
    """Bytes that a hybrid model's recurrent layers keep for each sequence; 0 for others."""
    if "linear_num_value_heads" not in config:
        return 0
    layers = int(config["num_hidden_layers"]) - attention_layers(config)
    keys = int(config["linear_num_key_heads"]) * int(config["linear_key_head_dim"])
    values = int(config["linear_num_value_heads"]) * int(config["linear_value_head_dim"])
    convolution = (2 * keys + values) * (int(config["linear_conv_kernel_dim"]) - 1)
    recurrent = values * int(config["linear_key_head_dim"])
    return layers * 2 * (convolution + recurrent)


def adapter_bytes(config: Mapping[str, Any], rank: int, adapters: int) -> int:
    """Bytes that vLLM sets aside for LoRA adapters: for every layer that could carry one.

    Args:
        config: The model's.
        rank: The largest that is allowed for.
        adapters: How many may be in one batch.
    """
    hidden, heads = int(config["hidden_size"]), int(config["num_attention_heads"])
    head = int(config.get("head_dim") or hidden // heads)
    pairs = int(config.get("num_key_value_heads") or heads)
    attention = 2 * (hidden + heads * head) + 2 * (hidden + pairs * head)
    if experts := config.get("num_experts") or config.get("num_local_experts"):
        inner = int(config.get("moe_intermediate_size") or config.get("intermediate_size") or 0)
        feed_forward = int(experts) * 3 * (hidden + inner)
    else:
        feed_forward = 3 * (hidden + int(config.get("intermediate_size") or 0))
    return 2 * rank * adapters * int(config["num_hidden_layers"]) * (attention + feed_forward)
