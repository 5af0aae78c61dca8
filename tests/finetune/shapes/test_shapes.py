from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from novelcraft.errors import ConfigError
from novelcraft.finetune.shapes.bases import find_shape, known_names, known_shape
from novelcraft.finetune.shapes.config_file import read_shape, shape_of

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
    assert dict(shape.linears)["gate_proj"].copies == 1
    assert shape_of({**MIXTURE, "decoder_sparse_step": 2}, name="x").sparse_layers == 2
    assert "gate_proj" not in dict(shape_of(MIXTURE, name="x").linears)


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


# As the models' own files have them, and the numbers of parameters that their pages give.
FAMILIES: dict[str, tuple[dict[str, Any], float]] = {
    "gemma-3-4b": (
        {
            "model_type": "gemma3",
            # Heads and vocabulary are left out there.
            "text_config": {
                "model_type": "gemma3_text",
                "hidden_size": 2560,
                "intermediate_size": 10240,
                "num_hidden_layers": 34,
                "sliding_window": 1024,
            },
            "vision_config": {
                "hidden_size": 1152,
                "intermediate_size": 4304,
                "num_hidden_layers": 27,
            },
        },
        4.30,
    ),
    "gemma-3-27b": (
        {
            "model_type": "gemma3",
            "text_config": {
                "model_type": "gemma3_text",
                "hidden_size": 5376,
                "intermediate_size": 21504,
                "num_hidden_layers": 62,
                "num_attention_heads": 32,
                "num_key_value_heads": 16,
                "head_dim": 128,
            },
        },
        27.01,
    ),
    "gpt-oss-20b": (
        {
            "model_type": "gpt_oss",
            "hidden_size": 2880,
            "intermediate_size": 2880,
            "num_hidden_layers": 24,
            "num_attention_heads": 64,
            "num_key_value_heads": 8,
            "head_dim": 64,
            "num_local_experts": 32,
            "num_experts_per_tok": 4,
            "vocab_size": 201088,
            "tie_word_embeddings": False,
            "layer_types": ["sliding_attention", "full_attention"] * 12,
        },
        20.91,
    ),
    "Mixtral-8x7B": (
        {
            "model_type": "mixtral",
            "hidden_size": 4096,
            "intermediate_size": 14336,
            "num_hidden_layers": 32,
            "num_attention_heads": 32,
            "num_key_value_heads": 8,
            "num_local_experts": 8,
            "num_experts_per_tok": 2,
            "vocab_size": 32000,
        },
        46.70,
    ),
    "GLM-4.5-Air": (
        {
            "model_type": "glm4_moe",
            "hidden_size": 4096,
            "intermediate_size": 10944,
            "moe_intermediate_size": 1408,
            "num_hidden_layers": 46,
            "num_attention_heads": 96,
            "num_key_value_heads": 8,
            "head_dim": 128,
            "n_routed_experts": 128,
            "n_shared_experts": 1,
            "first_k_dense_replace": 1,
            "num_experts_per_tok": 8,
            "vocab_size": 151552,
        },
        106.85,
    ),
    "Qwen3-Next-80B-A3B": (
        {
            "model_type": "qwen3_next",
            "hidden_size": 2048,
            "intermediate_size": 5120,
            "num_hidden_layers": 48,
            "num_attention_heads": 16,
            "num_key_value_heads": 2,
            "head_dim": 256,
            "num_experts": 512,
            "num_experts_per_tok": 10,
            "moe_intermediate_size": 512,
            "shared_expert_intermediate_size": 512,
            "linear_num_key_heads": 16,
            "linear_key_head_dim": 128,
            "linear_num_value_heads": 32,
            "linear_value_head_dim": 128,
            "attn_output_gate": True,
            "layer_types": (["linear_attention"] * 3 + ["full_attention"]) * 12,
            "vocab_size": 151936,
        },
        79.67,
    ),
    "AFM-4.5B": (
        {
            "model_type": "arcee",
            "hidden_size": 2560,
            "intermediate_size": 18432,
            "num_hidden_layers": 36,
            "num_attention_heads": 20,
            "num_key_value_heads": 4,
            "head_dim": 128,
            "vocab_size": 128004,
        },
        4.62,
    ),
    "gpt2": (
        {
            "model_type": "gpt2",
            "n_embd": 768,
            "n_layer": 12,
            "n_head": 12,
            "vocab_size": 50257,
        },
        0.124,
    ),
}


@pytest.mark.parametrize("name", FAMILIES)
def test_a_family_is_read_whatever_it_calls_its_sizes(name: str) -> None:
    config, billions = FAMILIES[name]
    assert shape_of(config, name=name).parameters / 1e9 == pytest.approx(billions, rel=0.01)


def test_hybrid_attention_and_blocks_without_a_gate_carry_the_adapters_that_they_can() -> None:
    hybrid = shape_of(FAMILIES["Qwen3-Next-80B-A3B"][0], name="x")
    assert {name: linear.copies for name, linear in hybrid.linears} == {
        "q_proj": 12, "k_proj": 12, "v_proj": 12, "o_proj": 12,
        "gate_proj": 48, "up_proj": 48, "down_proj": 48,
    }  # fmt: skip
    assert "gate_proj" not in dict(shape_of(FAMILIES["AFM-4.5B"][0], name="x").linears)


@pytest.mark.parametrize(
    ("config", "field"),
    [
        ({**DENSE, "model_type": None}, "model_type"),
        ({**DENSE, "hidden_size": "wide"}, "hidden_size"),
        ({**DENSE, "kv_lora_rank": 512}, "kv_lora_rank"),
        ({**DENSE, "is_encoder_decoder": True}, "is_encoder_decoder"),
        ({**DENSE, "layer_types": ["full_attention", "mamba"]}, "'mamba'"),
        ({**DENSE, "layer_types": ["linear_attention"] * 4}, "linear_num_key_heads"),
        *(
            ({name: v for name, v in DENSE.items() if name != field}, field)
            for field in (
                "vocab_size",
                "num_attention_heads",
                "num_hidden_layers",
                "intermediate_size",
            )
        ),
        *(
            ({name: v for name, v in MIXTURE.items() if name != field}, field)
            for field in ("num_experts", "num_experts_per_tok")
        ),
    ],
)
def test_where_a_size_cannot_be_told_the_field_is_named(config: dict[str, Any], field: str) -> None:
    with pytest.raises(ConfigError, match="my-base") as refusal:
        shape_of(config, name="my-base")
    assert field in str(refusal.value)


@pytest.mark.parametrize("field", ["num_hidden_layers", "num_attention_heads"])
def test_sizes_that_cannot_be_are_refused(field: str) -> None:
    with pytest.raises(ConfigError, match="my-base"):
        shape_of({**DENSE, field: 0}, name="my-base")


@pytest.mark.parametrize("text", [None, "", "{", "[]", "\ufeff{}"])
def test_a_broken_folder_is_refused(tmp_path: Path, text: str | None) -> None:
    if text is not None:
        (tmp_path / "config.json").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=r"config\.json"):
        read_shape(tmp_path)
