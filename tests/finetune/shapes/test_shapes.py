from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from novelcraft.errors import ConfigError
from novelcraft.finetune.shapes.bases import find_shape, known_names, known_shape
from novelcraft.finetune.shapes.shapes import read_shape, shape_of

# The numbers of parameters that the models' own pages give, in billions.
PUBLISHED = {
    "Qwen3-30B-A3B": 30.53,
    "Qwen3-8B": 8.19,
    "Qwen3-14B": 14.77,
    "Qwen3-32B": 32.76,
    "Qwen2.5-7B": 7.62,
    "Qwen2.5-14B": 14.77,
    "Qwen-7B": 7.72,
    "Qwen-14B": 14.17,
    "Qwen-72B": 72.29,
    "Llama-2-7B": 6.74,
    "Llama-3.1-8B": 8.03,
    "Llama-3.3-70B": 70.55,
    "Llama-3.2-1B": 1.236,
    "Llama-3.2-3B": 3.21,
    "Ministral-8B": 8.02,
    "Mistral-Nemo-12B": 12.25,
    "Mistral-Small-24B": 23.57,
    "SmolLM2-135M": 0.1345,
}

MIXTURE: dict[str, Any] = {
    "model_type": "qwen3_moe",
    "hidden_size": 64,
    "num_hidden_layers": 4,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 32,
    "intermediate_size": 128,
    "moe_intermediate_size": 48,
    "num_experts": 8,
    "num_experts_per_tok": 2,
    "vocab_size": 1000,
    "tie_word_embeddings": False,
    "decoder_sparse_step": 1,
    "mlp_only_layers": [],
}
DENSE: dict[str, Any] = {
    "model_type": "qwen2",
    "hidden_size": 64,
    "num_hidden_layers": 4,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "intermediate_size": 128,
    "vocab_size": 1000,
    "tie_word_embeddings": True,
}


@pytest.mark.parametrize(("name", "billions"), PUBLISHED.items())
def test_the_table_has_as_many_parameters_as_the_models(name: str, billions: float) -> None:
    assert find_shape(name).parameters / 1e9 == pytest.approx(billions, rel=2e-3)


def test_a_token_meets_a_tenth_of_a_mixture() -> None:
    # "A3B" is without the embedding: 3.3 billion with it.
    assert find_shape("Qwen3-30B-A3B").active_parameters / 1e9 == pytest.approx(3.04, rel=0.01)


@pytest.mark.parametrize(
    ("model", "name"),
    [
        ("Qwen/Qwen3-30B-A3B-Thinking-2507", "Qwen3-30B-A3B"),
        ("meta-llama/Meta-Llama-3.1-8B-Instruct", "Llama-3.1-8B"),
        ("inflatebot/MN-12B-Mag-Mell-R1", "Mistral-Nemo-12B"),
        ("mistralai/Mistral-Nemo-Instruct-2407", "Mistral-Nemo-12B"),
        ("Qwen/Qwen-7B-Chat", "Qwen-7B"),
        ("models/SmolLM2-135M-Instruct/", "SmolLM2-135M"),
        ("Qwen/Qwen3-80B", None),
        ("Qwen/Qwen3-8", None),
        ("Mistral-Small-4-119B", None),
        ("some/Qwen2.5-7", None),
    ],
)
def test_a_base_is_found_by_what_it_is_called(model: str, name: str | None) -> None:
    shape = known_shape(model)
    assert (shape and shape.name) == name


def test_an_unknown_base_is_refused_with_what_is_known() -> None:
    with pytest.raises(ConfigError) as refusal:
        find_shape("nobody/Nothing-3B")
    assert "nobody/Nothing-3B" in str(refusal.value)
    assert all(name in str(refusal.value) for name in known_names())


def test_a_folder_is_read(tmp_path: Path) -> None:
    folder = tmp_path / "base"
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps(MIXTURE))
    shape = find_shape(str(folder))
    assert (shape.name, shape.query, shape.key_value) == ("base", 128, 64)
    assert shape.expert_parameters == 4 * 8 * 3 * 64 * 48
    assert shape.router_parameters == 4 * 64 * 8
    assert shape.linear_parameters == 4 * (2 * 64 * 128 + 2 * 64 * 64)
    assert shape.embedding_parameters == 2 * 1000 * 64


def test_a_mixture_may_have_dense_layers() -> None:
    shape = shape_of({**MIXTURE, "mlp_only_layers": [0]}, name="x")
    assert shape.sparse_layers == 3
    assert shape.linears["gate_proj"].copies == 1
    assert shape_of({**MIXTURE, "decoder_sparse_step": 2}, name="x").sparse_layers == 2
    assert "gate_proj" not in shape_of(MIXTURE, name="x").linears


def test_a_dense_model_has_heads_of_even_width_and_one_embedding() -> None:
    shape = shape_of(DENSE, name="x")
    assert (shape.query, shape.key_value, shape.experts) == (64, 32, 0)
    assert shape.embedding_parameters == 1000 * 64
    assert shape.adapter_parameters(("q_proj",), 8, 16) == 4 * 8 * 128


def test_first_generation_qwen_states_both_halves_of_its_width() -> None:
    config = {
        "model_type": "qwen",
        "hidden_size": 4096,
        "num_hidden_layers": 32,
        "num_attention_heads": 32,
        "kv_channels": 128,
        "intermediate_size": 22016,
        "vocab_size": 151936,
    }
    assert shape_of(config, name="Qwen-7B") == find_shape("Qwen-7B")


@pytest.mark.parametrize(
    "config",
    [
        {**DENSE, "model_type": "mamba"},
        {**DENSE, "model_type": None},
        {name: value for name, value in DENSE.items() if name != "vocab_size"},
        {**DENSE, "hidden_size": "wide"},
        {**DENSE, "num_hidden_layers": 0},
        {**DENSE, "num_attention_heads": 0},
        {name: value for name, value in MIXTURE.items() if name != "num_experts"},
    ],
)
def test_what_cannot_be_understood_is_refused(config: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match="my-base"):
        shape_of(config, name="my-base")


@pytest.mark.parametrize("text", [None, "", "{", "[]", "\ufeff{}"])
def test_a_broken_folder_is_refused(tmp_path: Path, text: str | None) -> None:
    if text is not None:
        (tmp_path / "config.json").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=r"config\.json|kind"):
        read_shape(tmp_path)
