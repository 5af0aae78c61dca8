"""Sizes from a model's files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from novelcraft.errors import ConfigError
from novelcraft.finetune.shapes.bases import find_shape
from novelcraft.finetune.shapes.shapes import ModelShape
from novelcraft.tools.serving.sizes import (
    adapter_bytes,
    attention_layers,
    kv_bytes_per_token,
    read_config,
    state_bytes,
    weight_bytes,
)
from tests.tools.serving.machines import CATALOG

GIB = 1 << 30


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        # 2 (keys, values) x layers with attention x key heads x width of a head x 2 bytes.
        ("qwen3-30b-a3b-thinking-2507", 2 * 48 * 4 * 128 * 2),
        ("qwen3-32b", 2 * 64 * 8 * 128 * 2),
        ("qwen3-next-80b-a3b-instruct-fp8", 2 * 12 * 2 * 256 * 2),
        ("llama-3.1-8b-instruct", 131_072),
        ("qwen2.5-7b-instruct", 57_344),
        ("qwen2.5-14b-instruct", 196_608),
        ("mag-mell-12b", 163_840),
        ("smollm2-135m-instruct", 23_040),
    ],
)
def test_cache_of_a_token(model: str, expected: int) -> None:
    config = CATALOG.models[model].config
    assert kv_bytes_per_token(config) == expected
    assert kv_bytes_per_token(config, dtype="float32") == 2 * expected
    assert kv_bytes_per_token(config, cache_dtype="fp8") == expected // 2


@pytest.mark.parametrize(
    ("config", "layers"),
    [
        ({"num_hidden_layers": 48, "full_attention_interval": 4}, 12),
        ({"num_hidden_layers": 4, "layer_types": ["linear_attention"] * 3 + ["full_attention"]}, 1),
        ({"num_hidden_layers": 8, "hybrid_override_pattern": "M-M*-MM*"}, 2),
        ({"num_hidden_layers": 3, "layers_block_type": ["mamba", "attention", "mamba"]}, 1),
        ({"num_hidden_layers": 32}, 32),
    ],
)
def test_hybrid_models_keep_keys_in_their_attention_layers_only(
    config: dict[str, Any], layers: int
) -> None:
    assert attention_layers(config) == layers


def test_latent_attention_keeps_one_latent_and_the_rotary_part() -> None:
    config = {"num_hidden_layers": 61, "kv_lora_rank": 512, "qk_rope_head_dim": 64}
    assert kv_bytes_per_token(config) == 61 * 576 * 2


def test_the_states_of_a_hybrid_model() -> None:
    config = CATALOG.models["qwen3-next-80b-a3b-instruct-fp8"].config
    convolution, recurrent = (2 * 2048 + 4096) * 3, 4096 * 128
    assert state_bytes(config) == 36 * 2 * (convolution + recurrent)
    assert state_bytes(CATALOG.models["qwen3-32b"].config) == 0


@pytest.mark.parametrize("name", [n for n, m in CATALOG.models.items() if not m.quantization])
def test_weights_of_the_catalogue_against_the_sizes_of_their_architecture(name: str) -> None:
    entry = CATALOG.models[name]
    shape = find_shape(entry.hub)
    # Norms and biases are all that the shape leaves out.
    assert entry.weights == pytest.approx(2 * shape.parameters, rel=5e-4)
    assert agree(entry.config, shape)


@pytest.mark.parametrize("name", [n for n, m in CATALOG.models.items() if m.quantization == "awq"])
def test_weights_of_awq_against_its_four_bits_in_groups_of_128(name: str) -> None:
    entry = CATALOG.models[name]
    shape = find_shape(entry.hub)
    bits = 4 + 16 / 128 + 4 / 128
    expected = shape.linear_parameters * bits / 8 + shape.embedding_parameters * 2
    assert entry.weights == pytest.approx(expected, rel=5e-4)
    assert agree(entry.config, shape)


def agree(config: dict[str, Any], shape: ModelShape) -> bool:
    head = config.get("head_dim", config["hidden_size"] // config["num_attention_heads"])
    found = (
        config["num_hidden_layers"],
        config["hidden_size"],
        config["num_attention_heads"] * head,
        config["num_key_value_heads"] * head,
        config["vocab_size"],
    )
    return found == (
        shape.layers,
        shape.hidden,
        shape.query,
        shape.key_value,
        shape.vocabulary,
    )


def test_the_weights_of_qwen3_next_against_the_parameters_that_its_card_counts() -> None:
    entry = CATALOG.models["qwen3-next-80b-a3b-instruct-fp8"]
    # 81.3 billion, heads that guess included; embedding and output head stay in 16 bits.
    embeddings = 2 * 151_936 * 2_048
    assert entry.weights + entry.mtp_weights == pytest.approx(81.32e9 + embeddings, rel=2e-3)


def write_shard(folder: Path, name: str, tensors: dict[str, tuple[str, list[int], int]]) -> None:
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    at = 0
    for tensor, (dtype, shape, size) in tensors.items():
        header[tensor] = {"dtype": dtype, "shape": shape, "data_offsets": [at, at + size]}
        at += size
    text = json.dumps(header).encode()
    (folder / name).write_bytes(len(text).to_bytes(8, "little") + text + bytes(at))


def test_weights_of_files_as_they_are_loaded(tmp_path: Path) -> None:
    write_shard(tmp_path, "model-1.safetensors", {"a": ("BF16", [3, 5], 30), "b": ("I32", [4], 16)})
    write_shard(tmp_path, "model-2.safetensors", {"c": ("F32", [7], 28)})
    assert weight_bytes(tmp_path, "auto") == 30 + 16 + 28
    assert weight_bytes(tmp_path, "float32") == 60 + 16 + 28
    assert weight_bytes(tmp_path, "bfloat16") == 30 + 16 + 14


def test_a_folder_without_weights_or_with_damaged_ones(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no safetensors"):
        weight_bytes(tmp_path, "auto")
    (tmp_path / "model.safetensors").write_bytes(b"\xff" * 40)
    with pytest.raises(ConfigError, match="damaged"):
        weight_bytes(tmp_path, "auto")


def test_adapters_take_every_layer_that_could_carry_one() -> None:
    config = CATALOG.models["llama-3.1-8b-instruct"].config
    widths = 2 * (4096 + 4096) + 2 * (4096 + 1024) + 3 * (4096 + 14336)
    assert adapter_bytes(config, 64, 2) == 2 * 64 * 2 * 32 * widths


def test_the_text_part_of_a_config_counts(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps({"text_config": {"num_hidden_layers": 4}}))
    assert read_config(tmp_path)["num_hidden_layers"] == 4
    with pytest.raises(ConfigError, match="no model"):
        read_config(tmp_path / "nowhere")
