"""Published figures of the memory that training runs took: facts, each with its source.

Where a source gives GiB or the size of a card, it is turned into decimal gigabytes.
"""

from __future__ import annotations

from typing import NamedTuple

from novelcraft.finetune.planning.estimate import MemoryRange, estimate_memory
from novelcraft.finetune.planning.memory_settings import (
    ADAPTER_BYTES,
    Kernels,
    LogitsKept,
    MemorySettings,
    WeightFormat,
)
from novelcraft.finetune.shapes.bases import find_shape
from novelcraft.finetune.shapes.shapes import ModelShape

GIB = 1.073741824


class Point(NamedTuple):
    model: str
    tokens: int
    """In a micro-batch."""
    weights: WeightFormat
    rank: int
    trainable_bytes: int
    """A trainable parameter: 6, 8, 10 or 16."""
    logits: LogitsKept
    embedding_bytes: int
    published: float
    """Decimal gigabytes; a source that says only GB is taken at its word."""
    source: str
    kernels: Kernels | None = None
    """None where the source does not say what its program fuses."""
    dropout: bool = False
    experts: WeightFormat | None = None
    expert_rank: int = 0
    offload: bool = False

    def settings(self) -> MemorySettings:
        formats = {each.total: name for name, each in ADAPTER_BYTES.items()}
        return MemorySettings(
            weights=self.weights,
            expert_weights=self.experts,
            lora_rank=self.rank,
            expert_rank=self.expert_rank,
            adapter=formats[self.trainable_bytes],
            dropout=self.dropout,
            wide=self.embedding_bytes == 4,
            logits=self.logits,
            kernels=self.kernels,
            offload=self.offload,
        )

    def estimate(self) -> MemoryRange:
        shape = OTHER_SHAPES.get(self.model) or find_shape(self.model)
        return estimate_memory(shape, self.settings(), self.tokens)

    def off(self) -> float:
        """By what share the estimate is too high, or, below nought, too low; 0 where it is met."""
        found = self.estimate()
        if found.holds(self.published):
            return 0.0
        nearest = min(found.least.peak, found.most.peak, key=lambda end: abs(end - self.published))
        return nearest / self.published - 1


def _shape(
    name: str,
    sizes: tuple[int, int, int, int, int, int, int],
    *,
    tied: bool = False,
    gated: bool = True,
) -> ModelShape:
    layers, hidden, heads, query, key_value, intermediate, vocabulary = sizes
    return ModelShape(
        name=name,
        family="",
        layers=layers,
        hidden=hidden,
        heads=heads,
        query=query,
        key_value=key_value,
        intermediate=intermediate,
        gated=gated,
        vocabulary=vocabulary,
        tied=tied,
    )


OTHER_SHAPES = {
    shape.name: shape
    for shape in (
        _shape("Seed-OSS-36B", (64, 5120, 80, 10240, 1024, 27648, 155136)),
        _shape("MiMo-7B", (36, 4096, 32, 4096, 1024, 11008, 151680)),
        _shape("AFM-4.5B", (36, 2560, 20, 2560, 512, 18432, 128004), gated=False),
        _shape("Olmo-3-7B", (32, 4096, 32, 4096, 4096, 11008, 100278)),
        _shape("Hunyuan-0.5B", (24, 1024, 16, 2048, 1024, 3584, 120818), tied=True),
        _shape("Apertus-8B", (32, 4096, 32, 4096, 1024, 21504, 131072), gated=False),
        _shape("Ministral-3-3B", (26, 3072, 32, 4096, 1024, 9216, 131072), tied=True),
    )
}

_UNSLOTH = "Unsloth documentation, context length benchmarks, HF with FA2 on a card of "
_TORCHTUNE = "torchtune README, 2x2048 on a 4090, compiled, GiB"
_QWEN = "Qwen README, profiling of memory and speed, one A100"
_AXOLOTL = "axolotl, README and configuration of the example "
_SWIFT = "ms-swift, examples/train/"

POINTS = (
    Point("Llama-3.1-8B", 5789, "nf4", 32, 10, "full", 4, 25.8, _UNSLOTH + "24 GB", "plain"),
    Point("Llama-3.1-8B", 932, "nf4", 32, 10, "full", 4, 12.9, _UNSLOTH + "12 GB", "plain"),
    Point("Llama-3.1-8B", 15502, "nf4", 32, 10, "full", 4, 51.5, _UNSLOTH + "48 GB", "plain"),
    Point("Llama-3.1-8B", 28454, "nf4", 32, 10, "full", 4, 85.9, _UNSLOTH + "80 GB", "plain"),
    Point("Llama-3.3-70B", 6916, "nf4", 32, 10, "full", 4, 85.9, _UNSLOTH + "80 GB", "plain"),
    Point(
        "Llama-3.1-8B", 4096, "nf4", 8, 8, "chunked", 2, 7.9 * GIB, _TORCHTUNE + ", QLoRA", "fused"
    ),
    Point(
        "Llama-3.1-8B", 4096, "bf16", 8, 8, "chunked", 2, 17.4 * GIB, _TORCHTUNE + ", LoRA", "fused"
    ),
    Point("Qwen-7B", 4096, "nf4", 64, 16, "full", 2, 16.9, _QWEN + ", Q-LoRA", "plain"),
    Point("Qwen-7B", 8192, "nf4", 64, 16, "full", 2, 23.5, _QWEN + ", Q-LoRA", "plain"),
    Point("Qwen-7B", 4096, "bf16", 64, 16, "full", 2, 29.7, _QWEN + ", LoRA", "plain"),
    Point("Qwen-14B", 4096, "nf4", 64, 16, "full", 2, 23.0, _QWEN + ", Q-LoRA", "plain"),
    Point("Mistral-Small-24B", 4096, "nf4", 32, 16, "none", 2, 21.0, _AXOLOTL + "devstral"),
    Point(
        "Qwen3-30B-A3B",
        1024,
        "nf4",
        32,
        6,
        "none",
        2,
        17.5,
        "Unsloth documentation, Qwen3, QLoRA",
        experts="nf4",
    ),
    Point(
        "Qwen3-30B-A3B",
        2048,
        "bf16",
        16,
        6,
        "none",
        2,
        63.0,
        "Unsloth documentation, faster MoE, 16-bit LoRA",
    ),
    Point(
        "Qwen3-30B-A3B",
        2048,
        "bf16",
        16,
        16,
        "none",
        2,
        33.3,
        _AXOLOTL + "qwen3, NVFP4 experts",
        experts="nvfp4",
        expert_rank=16,
    ),
)
"""The points that the first version of the estimate was made with."""

HELD_OUT = (
    Point("Llama-3.1-8B", 2551, "nf4", 32, 10, "full", 4, 16 * GIB, _UNSLOTH + "16 GB", "plain"),
    Point("Llama-3.1-8B", 12264, "nf4", 32, 10, "full", 4, 40 * GIB, _UNSLOTH + "40 GB", "plain"),
    *(
        Point("Qwen-1.8B", tokens, "bf16", 64, 16, "full", 2, published, _QWEN + ", LoRA", "plain")
        for tokens, published in ((1024, 8.4), (2048, 11.0), (4096, 16.2), (8192, 21.8))
    ),
    *(
        Point("Qwen-1.8B", tokens, "nf4", 64, 16, "full", 2, published, _QWEN + ", Q-LoRA", "plain")
        for tokens, published in ((1024, 6.6), (2048, 7.8), (4096, 10.2), (8192, 15.8))
    ),
    *(
        Point("Qwen-7B", tokens, "bf16", 64, 16, "full", 2, published, _QWEN + ", LoRA", "plain")
        for tokens, published in (
            (256, 20.1),
            (512, 20.4),
            (1024, 21.5),
            (2048, 23.8),
            (8192, 36.6),
        )
    ),
    *(
        Point("Qwen-7B", tokens, "nf4", 64, 16, "full", 2, published, _QWEN + ", Q-LoRA", "plain")
        for tokens, published in ((256, 11.5), (512, 11.5), (1024, 12.3), (2048, 13.9))
    ),
    *(
        Point("Qwen-14B", tokens, "bf16", 64, 16, "full", 2, published, _QWEN + ", LoRA", "plain")
        for tokens, published in (
            (256, 34.6),
            (512, 35.1),
            (1024, 35.3),
            (2048, 37.4),
            (4096, 42.5),
            (8192, 55.2),
        )
    ),
    *(
        Point("Qwen-14B", tokens, "nf4", 64, 16, "full", 2, published, _QWEN + ", Q-LoRA", "plain")
        for tokens, published in (
            (256, 18.7),
            (512, 18.4),
            (1024, 18.9),
            (2048, 19.9),
            (8192, 27.9),
        )
    ),
    *(
        Point("Qwen-72B", tokens, "nf4", 64, 16, "full", 2, published, _QWEN + ", Q-LoRA", "plain")
        for tokens, published in (
            (256, 61.4),
            (512, 61.4),
            (1024, 62.9),
            (2048, 64.1),
            (4096, 68.0),
            (8192, 75.6),
        )
    ),
    *(
        Point(
            "Llama-2-7B",
            tokens,
            "nf4",
            8,
            16,
            "full",
            2,
            published,
            "LLaMA-Factory wiki, performance comparison, FA2",
            "plain",
        )
        for tokens, published in (
            (1024, 6.0),
            (2048, 7.0),
            (4096, 9.0),
            (8192, 12.0),
            (16384, 19.0),
            (32768, 32.0),
        )
    ),
    Point(
        "Llama-2-7B", 4096, "bf16", 8, 16, "full", 2, 17.0, "LLaMA-Factory wiki, 4x1024", "plain"
    ),
    Point(
        "Llama-2-7B",
        8192,
        "bf16",
        8,
        16,
        "full",
        2,
        25.7,
        "LongLoRA, table 12, plain LoRA",
        "plain",
    ),
    Point(
        "Llama-3.2-3B",
        8192,
        "bf16",
        8,
        8,
        "chunked",
        2,
        8.5 * GIB,
        "torchtune README, 2x4096, offloaded",
        offload=True,
    ),
    Point(
        "Llama-3.2-3B",
        8192,
        "nf4",
        8,
        8,
        "chunked",
        2,
        4.6 * GIB,
        "torchtune README, 2x4096, offloaded",
        offload=True,
    ),
    Point("Ministral-8B", 4096, "nf4", 32, 10, "none", 2, 8.76 * GIB, _AXOLOTL + "ministral"),
    Point(
        "Mistral-Small-24B",
        4096,
        "nf4",
        32,
        10,
        "none",
        2,
        19.1 * GIB,
        _AXOLOTL + "magistral/think",
    ),
    Point("Mistral-Small-24B", 4096, "nf4", 32, 10, "none", 2, 24.0, _AXOLOTL + "magistral"),
    Point("Seed-OSS-36B", 4096, "nf4", 32, 10, "none", 2, 27.7 * GIB, _AXOLOTL + "seed-oss"),
    Point("MiMo-7B", 4096, "nf4", 32, 10, "full", 2, 17.2 * GIB, _AXOLOTL + "mimo"),
    Point(
        "Qwen3-30B-A3B",
        16384,
        "bf16",
        16,
        16,
        "full",
        2,
        58 * GIB,
        _AXOLOTL + "qwen3, 16k",
        experts="nvfp4",
        expert_rank=16,
    ),
)
"""Points that were looked up afterwards."""

LATER = (
    *(
        Point(model, 4096, "nf4", 32, 10, "none", 2, published, _AXOLOTL + example, dropout=True)
        for model, published, example in (
            ("AFM-4.5B", 7.8 * GIB, "arcee, 2x2048, cut cross entropy"),
            ("Olmo-3-7B", 11.3 * GIB, "olmo3, 2x2048, cut cross entropy"),
            ("Hunyuan-0.5B", 4.7, "hunyuan, 2x2048, cut cross entropy"),
            ("Apertus-8B", 8.7 * GIB, "apertus, 2x2048, cut cross entropy"),
            ("Ministral-3-3B", 4.76 * GIB, "ministral3/think, 2x2048, cut cross entropy"),
            ("Qwen3-4B", 5.1 * GIB, "plano, 2x2048, cut cross entropy"),
        )
    ),
    Point(
        "Llama-2-7B",
        8192,
        "nf4",
        32,
        16,
        "full",
        2,
        17.0,
        _AXOLOTL + "llama-2, 2x4096",
        "plain",
        dropout=True,
    ),
    Point("Qwen2.5-7B", 2048, "bf16", 8, 16, "full", 2, 22.0, _SWIFT + "packing/llm.sh", "plain"),
    Point(
        "Qwen2.5-7B",
        4096,
        "bf16",
        8,
        16,
        "full",
        2,
        24 * GIB,
        _SWIFT + "rlhf/dpo/lora.sh",
        "plain",
    ),
)
"""Points that a third search found, most of them misses of the estimate as it was then."""
