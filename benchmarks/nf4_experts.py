"""Experts in four bits beside the same experts dequantised: what they say, hold and take.

    python -m benchmarks.nf4_experts [--shape tiny|qwen3-30b-a3b] [--layers 2] [--tokens 512]
        [--turns 5] [--cpu]

Makes a Qwen3-MoE with random weights, loads it in four bits, and takes what four bits hold, at full
width and with PEFT's own adapters, for a reference. Prints how far their logits are apart, bytes a
weight, peak memory, and tokens a second of a training step, all of one run; the two take turns.

On an accelerator the reference is in bf16, and so are the products; on a processor in fp32. The
reference has to fit beside the other: of the large shape, take a few layers. On a machine that is
busy with other things, `--cpu` counts seconds of this process on the processor.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from novelcraft.finetune.settings.config import TrainConfig
from novelcraft.finetune.settings.presets import ATTENTION, EXPERTS

SHAPES: dict[str, dict[str, Any]] = {
    "tiny": {
        "vocab_size": 2048,
        "hidden_size": 256,
        "intermediate_size": 512,
        "moe_intermediate_size": 128,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "head_dim": 64,
        "num_experts": 16,
        "num_experts_per_tok": 4,
    },
    "qwen3-30b-a3b": {
        "vocab_size": 151_936,
        "hidden_size": 2048,
        "intermediate_size": 6144,
        "moe_intermediate_size": 768,
        "num_attention_heads": 32,
        "num_key_value_heads": 4,
        "head_dim": 128,
        "num_experts": 128,
        "num_experts_per_tok": 8,
    },
}


def make_base(folder: str, shape: str, layers: int, machine: Any) -> None:
    """Random weights of that shape, as a publisher would save them."""
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    torch.manual_seed(0)
    config = AutoConfig.for_model(
        "qwen3_moe", num_hidden_layers=layers, norm_topk_prob=True, **SHAPES[shape]
    )
    with torch.device(machine.device):
        model = AutoModelForCausalLM.from_config(config, dtype=machine.dtype)
    model.save_pretrained(folder)


def adapted(model: Any, config: TrainConfig) -> Any:
    """With the preset's adapters, which have learnt something."""
    import torch

    from novelcraft.finetune.models import add_adapter, trainable

    made = add_adapter(model, config)
    torch.manual_seed(1)
    for parameter in trainable(made):
        parameter.data = torch.randn_like(parameter) / 100
    made.gradient_checkpointing_enable()
    made.enable_input_require_grads()
    return made.train()


def step(model: Any, tokens: Any, now: Callable[[], float]) -> tuple[float, float]:
    """Seconds of a training step without its optimiser, and gigabytes at its peak."""
    import torch

    gpu = tokens.is_cuda
    model.zero_grad(set_to_none=True)
    if gpu:
        torch.cuda.synchronize()
        torch.cuda.reset_peak_memory_stats()
    held = torch.cuda.memory_allocated() if gpu else 0
    began = now()
    model(input_ids=tokens, labels=tokens, use_cache=False).loss.backward()
    if gpu:
        torch.cuda.synchronize()
    seconds = now() - began
    return seconds, (torch.cuda.max_memory_allocated() - held) / 1e9 if gpu else 0.0


def expert_bytes(model: Any) -> float:
    """Bytes that an expert's weight takes, with its share of the constants."""
    from novelcraft.finetune.sparse.experts import PROJECTIONS, Nf4Experts

    held = weights = 0
    for module in model.modules():
        if isinstance(module, Nf4Experts):
            for name in PROJECTIONS:
                packed, state = getattr(module, name), getattr(module, name).quant_state
                held += packed.nbytes + state.absmax.nbytes + state.state2.absmax.nbytes
                weights += module.shapes[name].numel()
    return held / weights


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--shape", choices=tuple(SHAPES), default="tiny")
    parser.add_argument("--layers", type=int, default=2)
    parser.add_argument("--tokens", type=int, default=512)
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--cpu", action="store_true")
    arguments = parser.parse_args()
    now = time.process_time if arguments.cpu else time.perf_counter
    compare(arguments.shape, arguments.layers, arguments.tokens, arguments.turns, now)


def compare(shape: str, layers: int, count: int, turns: int, now: Callable[[], float]) -> None:
    import torch

    from novelcraft.finetune.models import find_compute_device, load_base

    with tempfile.TemporaryDirectory() as folder:
        config = TrainConfig(
            base_model=folder,
            data=folder,
            output=str(Path(folder) / "run"),
            load_in_4bit=True,
            lora_r=16,
            lora_alpha=16.0,
            lora_target_modules=ATTENTION,
            lora_target_parameters=EXPERTS,
        )
        machine = find_compute_device(config)
        make_base(folder, shape, layers, machine)
        packed = adapted(load_base(folder, machine, four_bits=True), config)
        whole = load_base(folder, machine, four_bits=True).dequantize().to(machine.dtype)
        whole = adapted(whole, config)
    tokens = torch.randint(0, SHAPES[shape]["vocab_size"], (1, count), device=machine.device)
    with torch.no_grad():
        ours, theirs = (model(input_ids=tokens).logits.float() for model in (packed, whole))
    print(f"{shape}, {layers} layers, {count} tokens, {machine.device}, {machine.precision}")
    print(f"logits: {(ours - theirs).abs().max():.2g} apart, the largest {theirs.abs().max():.2g}")
    print(f"bytes a weight of the experts: {expert_bytes(packed):.4f}, {machine.dtype.itemsize}")
    taken = [(step(packed, tokens, now), step(whole, tokens, now)) for _ in range(1 + turns)]
    # The first turn of each is not counted.
    taken = taken[1:]
    speeds = [[count / seconds for seconds, _ in each] for each in zip(*taken, strict=True)]
    medians = [statistics.median(each) for each in speeds]
    for name, found, median in zip(("four bits", "reference"), speeds, medians, strict=True):
        turns_told = ", ".join(f"{speed:,.0f}" for speed in found)
        print(f"{name}: {median:,.0f} tokens/s of a training step ({turns_told})")
    if machine.device == "cuda":
        peaks = [max(gigabytes for _, gigabytes in each) for each in zip(*taken, strict=True)]
        print(f"peak of a step, above what is held: {peaks[0]:.2f} GB, {peaks[1]:.2f} GB")
    print(f"ratio: {medians[0] / medians[1]:.2f}")


if __name__ == "__main__":
    main()
