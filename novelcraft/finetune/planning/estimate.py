"""The memory that a training run needs on each device, part by part, in decimal gigabytes.

A closed formula of the model's sizes and the run's settings. Each constant is counted from what
the training stack stores, and none is fitted to a model:

    weights       matrices of attention and feed-forward blocks, in the format they are kept in
    embeddings    embedding and output head, which no format quantises
    adapter       LoRA parameters, their gradients and the optimiser's moments
    checkpoints   each layer's input, kept from the forward to the backward pass
    layer         what one layer keeps while it is computed again for its backward pass
    logits        a score for each entry of the vocabulary, where the loss keeps them
    copies        the largest matrix that is turned to 16 bits to be multiplied
    overhead      what is there before a tensor is: driver, libraries, the allocator's rounding

The sum is what the allocator reserves, not what is alive at one moment. Blocks that a layer has
freed lie between checkpoints and hold nothing as large as the logits, so these come on top; a
loss that works in chunks fits into them.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

from pydantic import Field

from novelcraft.finetune.shapes.shapes import ATTENTION, MLP, ModelShape, Module
from novelcraft.state.base import Frozen

WeightFormat = Literal["nf4", "nvfp4", "bf16", "fp32"]
AdapterFormat = Literal["bf16-8bit", "bf16", "fp32-8bit", "fp32"]
LogitsKept = Literal["full", "chunked", "none"]

GB = 1e9
"""Bytes in a decimal gigabyte."""

WEIGHT_BYTES: dict[WeightFormat, float] = {
    # A code of 4 bits; a scale of 8 bits for each 64; a scale of 32 bits for each 256 of those.
    "nf4": 1 / 2 + 1 / 64 + 4 / (64 * 256),
    # A code of 4 bits; a scale of 8 bits for each 16.
    "nvfp4": 1 / 2 + 1 / 16,
    "bf16": 2.0,
    "fp32": 4.0,
}
"""Bytes a parameter of the base takes in each format."""


class AdapterBytes(NamedTuple):
    """Bytes that a trainable parameter takes."""

    weight: int
    gradient: int
    moments: int
    """Adam's two."""

    @property
    def total(self) -> int:
        """All three."""
        return self.weight + self.gradient + self.moments


ADAPTER_BYTES: dict[AdapterFormat, AdapterBytes] = {
    "bf16-8bit": AdapterBytes(2, 2, 2),
    "bf16": AdapterBytes(2, 2, 4),
    "fp32-8bit": AdapterBytes(4, 4, 2),
    "fp32": AdapterBytes(4, 4, 8),
}
"""By the format of the adapter; `-8bit` is with Adam's moments in 8 bits."""

OVERHEAD = 0.8 * GB
"""A CUDA context with its loaded kernels (0.4 to 0.5 GB on Ampere and Hopper), the workspaces of
cuBLAS and of fused attention (about 0.1), and blocks rounded up to 2 MiB and split (0.2 or so).
On a CPU, the interpreter with torch and transformers loaded takes about as much."""

LOSS_CHUNK = 256
"""Tokens whose scores a chunked loss holds at a time: TRL's constant."""

_COPY_BYTES = 2
"""Quantised matrices, and a 32-bit head under mixed precision, are multiplied in 16 bits."""

_FP32 = 4


class MemorySettings(Frozen):
    """What the memory of a run depends on, besides the model and the size of a micro-batch."""

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
    wide: bool = False
    """Whether what is not quantised is kept in 32 bits, as PEFT's preparation for k-bit training
    does. Hidden states have the embedding's format, so they are then as wide."""
    logits: LogitsKept = "chunked"
    """Whether the scores of all tokens are kept, of a chunk at a time, or never written out."""
    checkpointing: bool = True
    """Whether layers are computed again in the backward pass, instead of kept."""
    offload: bool = False
    """Whether checkpoints wait in the host's memory."""

    @property
    def expert_format(self) -> WeightFormat:
        """What the experts are kept in."""
        return self.expert_weights or self.weights

    @property
    def stream_bytes(self) -> int:
        """Bytes of a number in the hidden states, the embedding and the head."""
        return _FP32 if self.wide or self.weights == "fp32" else 2


class MemoryEstimate(Frozen):
    """Peak memory of one device by part, in decimal gigabytes."""

    weights: float
    embeddings: float
    adapter: float
    """Its weights and gradients."""
    optimizer: float
    checkpoints: float
    layer: float
    """Activations of a layer, or of all layers where they are not computed again; or a chunk of
    scores, where that is more."""
    logits: float
    copies: float
    overhead: float
    trainable: int
    """Parameters."""

    @property
    def parts(self) -> tuple[tuple[str, float], ...]:
        """Names for a person, and gigabytes, in the order of the formula."""
        return (
            ("base weights", self.weights),
            ("embeddings and head", self.embeddings),
            ("adapter and gradients", self.adapter),
            ("optimizer", self.optimizer),
            ("checkpoints", self.checkpoints),
            ("one layer's activations", self.layer),
            ("scores over the vocabulary", self.logits),
            ("16-bit copies", self.copies),
            ("overhead", self.overhead),
        )

    @property
    def peak(self) -> float:
        """The sum of all parts."""
        return sum(gigabytes for _, gigabytes in self.parts)


def estimate_memory(
    shape: ModelShape, settings: MemorySettings, tokens: int, *, processes: int = 1
) -> MemoryEstimate:
    """Peak memory of a LoRA run on each of its devices.

    Args:
        shape: The base.
        settings: What is kept, and how.
        tokens: In one micro-batch on one device, padding included.
        processes: How many train together. Each holds the whole model, and where they are
            several, a second copy of its gradients, to exchange.
    """
    trainable = shape.adapter_parameters(
        settings.lora_modules, settings.lora_rank, settings.expert_rank
    )
    each = ADAPTER_BYTES[settings.adapter]
    exchanged = each.gradient if processes > 1 else 0
    checkpoints, layer = _activations(shape, settings, tokens)
    return MemoryEstimate(
        weights=_weights(shape, settings) / GB,
        embeddings=shape.embedding_parameters * settings.stream_bytes / GB,
        adapter=trainable * (each.weight + each.gradient + exchanged) / GB,
        optimizer=trainable * each.moments / GB,
        checkpoints=checkpoints / GB,
        layer=max(layer, _scores(shape, settings, min(tokens, LOSS_CHUNK), "chunked")) / GB,
        logits=_scores(shape, settings, tokens, "full") / GB,
        copies=_copies(shape, settings) / GB,
        overhead=OVERHEAD / GB,
        trainable=trainable,
    )


def _weights(shape: ModelShape, settings: MemorySettings) -> float:
    linears = shape.linear_parameters * WEIGHT_BYTES[settings.weights]
    experts = shape.expert_parameters * WEIGHT_BYTES[settings.expert_format]
    return linears + experts + shape.router_parameters * settings.stream_bytes


def layer_width(shape: ModelShape) -> int:
    """Numbers that a layer keeps for its backward pass, for each token.

    Eight hidden states: two norms' inputs widened to 32 bits count twice each, two norms'
    outputs, the middle of the residual, a gradient. Queries, keys and values after rotation, and
    the output of attention: 2 (query + key_value). In a feed-forward block gate, up, the
    activated gate and their product, and two gradients of that width: 6. A token is in as many
    experts' blocks as it passes through, with its input and output copied for each.
    """
    attention = 8 * shape.hidden + 2 * (shape.query + shape.key_value)
    block = 6 * shape.intermediate
    experts = shape.active_experts * (6 * shape.expert_intermediate + 2 * shape.hidden)
    return attention + max(block, experts)


def _activations(shape: ModelShape, settings: MemorySettings, tokens: int) -> tuple[float, float]:
    """Bytes of the layers' inputs, and of what is kept inside of layers."""
    layer = float(tokens * layer_width(shape) * settings.stream_bytes)
    if not settings.checkpointing:
        return 0.0, layer * shape.layers
    inputs = float(tokens * shape.hidden * settings.stream_bytes)
    # Offloading holds the one that is in use and the one that is on its way.
    return inputs * (2 if settings.offload else shape.layers), layer


def _scores(shape: ModelShape, settings: MemorySettings, tokens: int, kept: LogitsKept) -> float:
    """Bytes of the scores of some tokens, if the run keeps them in that way.

    Each is held itself, and as a logarithm and a gradient, which have 32 bits always.
    """
    each = settings.stream_bytes + 2 * _FP32
    return float(tokens * shape.vocabulary * each) if settings.logits == kept else 0.0


def _copies(shape: ModelShape, settings: MemorySettings) -> float:
    """The largest quantised matrix in 16 bits, and the head if it is kept in 32.

    A layer's fused experts are one matrix.
    """
    quantised = [
        linear.parameters // linear.copies
        for linear in shape.linears.values()
        if settings.weights in ("nf4", "nvfp4")
    ]
    quantised += [
        tensor.parameters // shape.sparse_layers
        for tensor in shape.expert_tensors
        if settings.expert_format in ("nf4", "nvfp4")
    ]
    head = shape.vocabulary * shape.hidden if settings.wide else 0
    return float((max(quantised, default=0) + head) * _COPY_BYTES)
