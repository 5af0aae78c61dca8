"""Published figures of the memory that training runs took: facts, each with its source.

Where a source gives GiB or the size of a card, it is turned into decimal gigabytes.
"""

from __future__ import annotations

from typing import NamedTuple

from novelcraft.finetune.planning.estimate import (
    ADAPTER_BYTES,
    LogitsKept,
    MemorySettings,
    WeightFormat,
    estimate_memory,
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
            wide=self.embedding_bytes == 4,
            logits=self.logits,
            offload=self.offload,
        )

    def estimate(self) -> float:
        shape = OTHER_SHAPES.get(self.model) or find_shape(self.model)
        return estimate_memory(shape, self.settings(), self.tokens).peak

    def error(self) -> float:
        """Relative: above nought where the estimate is too high."""
        return self.estimate() / self.published - 1


def _plain(name: str, sizes: tuple[int, int, int, int, int, int]) -> ModelShape:
    layers, hidden, query, key_value, intermediate, vocabulary = sizes
    return ModelShape(
        name=name,
        family="llama",
        layers=layers,
        hidden=hidden,
        query=query,
        key_value=key_value,
        intermediate=intermediate,
        vocabulary=vocabulary,
    )


OTHER_SHAPES = {
    "Seed-OSS-36B": _plain("Seed-OSS-36B", (64, 5120, 10240, 1024, 27648, 155136)),
    "MiMo-7B": _plain("MiMo-7B", (36, 4096, 4096, 1024, 11008, 151680)),
}

_UNSLOTH = "Unsloth documentation, context length benchmarks, HF with FA2 on a card of "
_TORCHTUNE = "torchtune README, 2x2048 on a 4090"
_QWEN = "Qwen README, profiling of memory and speed, one A100"
_AXOLOTL = "axolotl, README and configuration of the example "

POINTS = (
    Point("Llama-3.1-8B", 5789, "nf4", 32, 10, "full", 4, 25.8, _UNSLOTH + "24 GB"),
    Point("Llama-3.1-8B", 932, "nf4", 32, 10, "full", 4, 12.9, _UNSLOTH + "12 GB"),
    Point("Llama-3.1-8B", 15502, "nf4", 32, 10, "full", 4, 51.5, _UNSLOTH + "48 GB"),
    Point("Llama-3.1-8B", 28454, "nf4", 32, 10, "full", 4, 85.9, _UNSLOTH + "80 GB"),
    Point("Llama-3.3-70B", 6916, "nf4", 32, 10, "full", 4, 85.9, _UNSLOTH + "80 GB"),
    Point("Llama-3.1-8B", 4096, "nf4", 8, 8, "chunked", 2, 7.9, _TORCHTUNE + ", QLoRA"),
    Point("Llama-3.1-8B", 4096, "bf16", 8, 8, "chunked", 2, 17.4, _TORCHTUNE + ", LoRA"),
    Point("Qwen-7B", 4096, "nf4", 64, 16, "full", 2, 16.9, _QWEN + ", Q-LoRA"),
    Point("Qwen-7B", 8192, "nf4", 64, 16, "full", 2, 23.5, _QWEN + ", Q-LoRA"),
    Point("Qwen-7B", 4096, "bf16", 64, 16, "full", 2, 29.7, _QWEN + ", LoRA"),
    Point("Qwen-14B", 4096, "nf4", 64, 16, "full", 2, 23.0, _QWEN + ", Q-LoRA"),
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
"""The points that the estimate is held to."""

HELD_OUT = (
    Point("Llama-3.1-8B", 2551, "nf4", 32, 10, "full", 4, 16 * GIB, _UNSLOTH + "16 GB"),
    Point("Llama-3.1-8B", 12264, "nf4", 32, 10, "full", 4, 40 * GIB, _UNSLOTH + "40 GB"),
    *(
        Point("Qwen-1.8B", tokens, "bf16", 64, 16, "full", 2, published, _QWEN + ", LoRA")
        for tokens, published in ((1024, 8.4), (2048, 11.0), (4096, 16.2), (8192, 21.8))
    ),
    *(
        Point("Qwen-1.8B", tokens, "nf4", 64, 16, "full", 2, published, _QWEN + ", Q-LoRA")
        for tokens, published in ((1024, 6.6), (2048, 7.8), (4096, 10.2), (8192, 15.8))
    ),
    *(
        Point("Qwen-7B", tokens, "bf16", 64, 16, "full", 2, published, _QWEN + ", LoRA")
        for tokens, published in (
            (256, 20.1),
            (512, 20.4),
            (1024, 21.5),
            (2048, 23.8),
            (8192, 36.6),
        )
    ),
    *(
        Point("Qwen-7B", tokens, "nf4", 64, 16, "full", 2, published, _QWEN + ", Q-LoRA")
        for tokens, published in ((256, 11.5), (512, 11.5), (1024, 12.3), (2048, 13.9))
    ),
    *(
        Point("Qwen-14B", tokens, "bf16", 64, 16, "full", 2, published, _QWEN + ", LoRA")
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
        Point("Qwen-14B", tokens, "nf4", 64, 16, "full", 2, published, _QWEN + ", Q-LoRA")
        for tokens, published in (
            (256, 18.7),
            (512, 18.4),
            (1024, 18.9),
            (2048, 19.9),
            (8192, 27.9),
        )
    ),
    *(
        Point("Qwen-72B", tokens, "nf4", 64, 16, "full", 2, published, _QWEN + ", Q-LoRA")
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
    Point("Llama-2-7B", 4096, "bf16", 8, 16, "full", 2, 17.0, "LLaMA-Factory wiki, 4x1024"),
    Point("Llama-2-7B", 8192, "bf16", 8, 16, "full", 2, 25.7, "LongLoRA, table 12, plain LoRA"),
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
