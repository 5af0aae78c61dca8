"""What the memory of a training run depends on, besides the model and the size of a micro-batch."""

from __future__ import annotations

from typing import Literal, NamedTuple

from pydantic import Field

from novelcraft.finetune.shapes.shapes import ATTENTION, MLP, Module
from novelcraft.state.base import Frozen

WeightFormat = Literal["nf4", "nvfp4", "bf16", "fp32"]
AdapterFormat = Literal["bf16-8bit", "bf16", "fp32-8bit", "fp32"]
LogitsKept = Literal["full", "chunked", "none"]
Attention = Literal["fused", "eager"]
Kernels = Literal["plain", "fused"]

WEIGHT_BYTES: dict[WeightFormat, float] = {
    # A code of 4 bits; a scale of 8 bits for each 64; a scale of 32 bits for each 256 of those.
    "nf4": 1 / 2 + 1 / 64 + 4 / (64 * 256),
    # A code of 4 bits; a scale of 8 bits for each 16.
    "nvfp4": 1 / 2 + 1 / 16,
    "bf16": 2.0,
    "fp32": 4.0,
}
"""Bytes a parameter of the base takes in each format."""

FP32 = 4
"""Bytes of a number in 32 bits."""


class AdapterBytes(NamedTuple):
    """Bytes that a trainable parameter takes."""

    weight: int
    gradient: int
    moments: int
    """Adam's first and second moment."""

    @property
    def total(self) -> int:
        """Of weight, gradient and moments together."""
        return self.weight + self.gradient + self.moments


ADAPTER_BYTES: dict[AdapterFormat, AdapterBytes] = {
    "bf16-8bit": AdapterBytes(2, 2, 2),
    "bf16": AdapterBytes(2, 2, 4),
    "fp32-8bit": AdapterBytes(4, 4, 2),
    "fp32": AdapterBytes(4, 4, 8),
}
"""By the format of the adapter; `-8bit` is with Adam's moments in 8 bits."""


class MemorySettings(Frozen):
    """What a run keeps, and how. None stands for what is not known, and widens the estimate."""

    weights: WeightFormat = "nf4"
    """Of the matrices that loading converts: all `nn.Linear` but the head and the routers."""
    expert_weights: WeightFormat | None = None
    """Of the experts. None is the same format: our loading packs them too. "bf16" is what other
    programs leave them in where they load in four bits."""
    lora_modules: tuple[Module, ...] = (*ATTENTION, *MLP)
    lora_rank: int = Field(default=64, ge=0)
    expert_rank: int = Field(default=0, ge=0)
    """Of adapters on the experts; 0 trains none."""
    adapter: AdapterFormat = "bf16-8bit"
    dropout: bool = False
    """Whether some of the adapter's inputs are left out, which is kept for each of them."""
    wide: bool = False
    """Whether what is not quantised is kept in 32 bits, as PEFT's preparation for k-bit training
    does. Hidden states have the embedding's format, so they are then as wide."""
    logits: LogitsKept = "chunked"
    """Whether the scores of all tokens are kept, of a chunk at a time, or never written out."""
    attention: Attention = "fused"
    """Whether a kernel computes attention without its scores, as SDPA and FlashAttention do, or
    they are kept for each pair of tokens."""
    kernels: Kernels | None = "plain"
    """Whether norms and activations are transformers' own, or fused so that they keep less, as
    Liger's and Unsloth's are, or torch.compile's."""
    checkpointing: bool = True
    """Whether layers are computed again in the backward pass, instead of kept."""
    offload: bool = False
    """Whether checkpoints wait in the host's memory."""
    processor: bool = False
    """Whether it runs on a CPU, in the host's memory."""

    @property
    def expert_format(self) -> WeightFormat:
        """What the experts are kept in."""
        return self.expert_weights or self.weights

    @property
    def stream_bytes(self) -> int:
        """Bytes of a number in the hidden states, the embedding and the head."""
        return FP32 if self.wide or self.weights == "fp32" else 2

    @property
    def casts(self) -> bool:
        """Whether an adapter is of another type than what goes into it: it then keeps a copy."""
        return ADAPTER_BYTES[self.adapter].weight != self.stream_bytes

    @property
    def assumptions(self) -> tuple[str, ...]:
        """What the estimate takes for granted, for a person."""
        return (
            _ATTENTION[self.attention],
            _LOGITS[self.logits],
            _KERNELS[self.kernels],
            "layers are computed again for the backward pass"
            if self.checkpointing
            else "all layers are kept for the backward pass",
        )


_ATTENTION = {
    "fused": "attention keeps no scores (SDPA)",
    "eager": "attention keeps a score for each pair of tokens (eager)",
}
_LOGITS = {
    "full": "logits of all tokens are kept",
    "chunked": "logits are kept for some tokens at a time",
    "none": "logits are never kept",
}
_KERNELS = {
    "plain": "norms and activations are transformers' own",
    "fused": "norms and activations are fused",
    None: "norms and activations may be fused or not",
}
