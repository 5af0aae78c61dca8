"""The small base as a GGUF file, as llama.cpp's own converter would write it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from novelcraft.finetune.serving.gguf import reorder

PARTS = {
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "self_attn.q_norm": "attn_q_norm",
    "self_attn.k_norm": "attn_k_norm",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
    "mlp.gate": "ffn_gate_inp",
    "input_layernorm": "attn_norm",
    "post_attention_layernorm": "ffn_norm",
}
WHOLE = {
    "model.embed_tokens.weight": "token_embd.weight",
    "model.norm.weight": "output_norm.weight",
    "lm_head.weight": "output.weight",
}


def write_gguf(base: Path, output: Path) -> Path:
    from gguf import GGUFWriter
    from transformers import AutoConfig, AutoModelForCausalLM

    settings: Any = AutoConfig.from_pretrained(base)
    name = {"llama": "llama", "qwen3": "qwen3", "qwen3_moe": "qwen3moe"}[settings.model_type]
    writer = GGUFWriter(output, name)
    _describe(writer, settings)
    _add_vocabulary(writer, base)
    model = AutoModelForCausalLM.from_pretrained(base)
    for key, tensor in model.state_dict().items():
        for written, values in _named(key, tensor.float(), settings):
            writer.add_tensor(written, values.contiguous().numpy())
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return output


def _describe(writer: Any, settings: Any) -> None:
    writer.add_context_length(settings.max_position_embeddings)
    writer.add_embedding_length(settings.hidden_size)
    writer.add_block_count(settings.num_hidden_layers)
    writer.add_feed_forward_length(settings.intermediate_size)
    writer.add_head_count(settings.num_attention_heads)
    writer.add_head_count_kv(settings.num_key_value_heads)
    writer.add_key_length(settings.head_dim)
    writer.add_value_length(settings.head_dim)
    writer.add_rope_dimension_count(settings.head_dim)
    writer.add_rope_freq_base(settings.rope_parameters["rope_theta"])
    writer.add_layer_norm_rms_eps(settings.rms_norm_eps)
    writer.add_vocab_size(settings.vocab_size)
    if settings.model_type == "qwen3_moe":
        writer.add_expert_count(settings.num_experts)
        writer.add_expert_used_count(settings.num_experts_per_tok)
        writer.add_expert_feed_forward_length(settings.moe_intermediate_size)


def _add_vocabulary(writer: Any, base: Path) -> None:
    model = json.loads((base / "tokenizer.json").read_text(encoding="utf-8"))
    special = {entry["id"] for entry in model["added_tokens"]}
    words = sorted(model["model"]["vocab"].items(), key=lambda pair: pair[1])
    merges = [m if isinstance(m, str) else " ".join(m) for m in model["model"]["merges"]]
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list([word for word, _ in words])
    writer.add_token_types([3 if number in special else 1 for _, number in words])
    writer.add_token_merges(merges)
    writer.add_eos_token_id(model["model"]["vocab"]["<|im_end|>"])
    writer.add_add_bos_token(False)


def _named(key: str, tensor: Any, settings: Any) -> list[tuple[str, Any]]:
    if key in WHOLE:
        return [(WHOLE[key], tensor)]
    _, _, layer, rest = key.split(".", 3)
    part = rest.removesuffix(".weight")
    if part == "mlp.experts.gate_up_proj":
        gate, up = tensor.chunk(2, dim=1)
        return [
            (f"blk.{layer}.ffn_gate_exps.weight", gate),
            (f"blk.{layer}.ffn_up_exps.weight", up),
        ]
    if part == "mlp.experts.down_proj":
        return [(f"blk.{layer}.ffn_down_exps.weight", tensor)]
    if settings.model_type == "llama" and part in ("self_attn.q_proj", "self_attn.k_proj"):
        query = part.endswith("q_proj")
        heads = settings.num_attention_heads if query else settings.num_key_value_heads
        tensor = reorder(tensor, heads)
    return [(f"blk.{layer}.{PARTS[part]}.weight", tensor)]
