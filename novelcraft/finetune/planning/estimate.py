"""The memory that a training run needs on each device, part by part, in decimal gigabytes.

A closed formula of the model's sizes and the run's settings. Each constant is counted from what
the training stack stores, and none is fitted to a model:

    weights       matrices of attention and feed-forward blocks, in the format they are kept in
    embeddings    embedding and output head, which no format quantises
    adapter       LoRA parameters, their gradients and the optimiser's moments
    checkpoints   each layer's input, kept from the forward to the backward pass
    layer         what a layer keeps while it is computed again for its backward pass
    logits        a score for each entry of the vocabulary, where the loss keeps them
    copies        the largest matrix that is turned to 16 bits to be multiplied
    overhead      what is there before a tensor is: driver, libraries, the allocator's rounding
    idle          blocks that the allocator holds and nothing fits into

The sum is what the allocator reserves, not what is alive at one moment. Blocks that a layer has
freed lie between checkpoints and hold nothing as large as the logits, so these come on top; a
loss that works in chunks fits into them.

Some of it depends on versions, drivers and the order in which tensors come and go, so that an
estimate is two: the least that such a run takes, and the most.
"""

from __future__ import annotations

from typing import NamedTuple

from novelcraft.finetune.planning.memory_settings import (
    ADAPTER_BYTES,
    FP32,
    WEIGHT_BYTES,
    Kernels,
    LogitsKept,
    MemorySettings,
)
from novelcraft.finetune.shapes.shapes import ModelShape
from novelcraft.state.base import Frozen

GB = 1e9
"""Bytes in a decimal gigabyte."""

LOSS_CHUNK = 256
"""Tokens whose scores a chunked loss holds at a time: TRL's constant."""

_COPY_BYTES = 2
"""Quantised matrices, and a 32-bit head under mixed precision, are multiplied in 16 bits."""


class Bound(NamedTuple):
    """One end of an estimate: what the run's settings do not decide."""

    kernels: Kernels
    """Where the settings do not say."""
    copies: bool
    """Whether keys and values are repeated for each query head, where kernels are not known."""
    logit_copies: int
    """Copies of the scores that a loss has at a time: score, logarithm and gradient at the least,
    and one that is shifted by a token in many programs."""
    logit_bytes: int | None
    """Of a number in each; None is the hidden states' own type."""
    overhead: float
    """A CUDA context with its loaded kernels takes 0.3 to 0.5 GB on Ampere and Hopper,
    workspaces of cuBLAS, of attention and of a quantiser 0.1 to 0.5, other processes some."""
    idle: float
    """Share of what is alive that the allocator holds besides. Published shares of fragmented
    memory in fine-tuning lie between nothing and a third (GMLake, ASPLOS 2024), the higher ones
    with parameters that are sharded or swapped out."""


LEAST = Bound("fused", False, 3, None, 0.4 * GB, 0.0)
MOST = Bound("plain", True, 4, FP32, 1.2 * GB, 0.1)
PROCESSOR_LEAST = LEAST._replace(overhead=0.55 * GB)
PROCESSOR_MOST = MOST._replace(overhead=0.9 * GB, idle=1.2)
"""On a CPU, the interpreter with torch, transformers and TRL loaded takes 0.6 to 0.7 GB, and the C
library gives little of what is freed back, the less the longer the rows are."""


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
    idle: float

    @property
    def parts(self) -> tuple[tuple[str, float], ...]:
        """Names for a person, and gigabytes, in the order of the formula."""
        return (
            ("base weights", self.weights),
            ("embeddings and head", self.embeddings),
            ("adapter and gradients", self.adapter),
            ("optimizer", self.optimizer),
            ("checkpoints", self.checkpoints),
            ("activations", self.layer),
            ("scores over the vocabulary", self.logits),
            ("16-bit copies", self.copies),
            ("driver and libraries", self.overhead),
            ("idle blocks", self.idle),
        )

    @property
    def peak(self) -> float:
        """The sum of all parts."""
        return sum(gigabytes for _, gigabytes in self.parts)


class MemoryRange(Frozen):
    """Between which figures the peak memory of a device lies."""

    least: MemoryEstimate
    most: MemoryEstimate
    trainable: int
    """Parameters."""

    def holds(self, gigabytes: float) -> bool:
        """Whether a figure lies between them."""
        return self.least.peak <= gigabytes <= self.most.peak


def estimate_memory(
    shape: ModelShape, settings: MemorySettings, tokens: int, *, lines: int = 1, processes: int = 1
) -> MemoryRange:
    """Peak memory of a LoRA run on each of its devices.

    Args:
        shape: The base.
        settings: What is kept, and how.
        tokens: In one micro-batch on one device, padding included.
        lines: Rows or packs in it, which share the tokens evenly.
        processes: How many train together. Each holds the whole model, and where they are
            several, a second copy of its gradients, to exchange.
    """
    bounds = (PROCESSOR_LEAST, PROCESSOR_MOST) if settings.processor else (LEAST, MOST)
    least, most = (
        _Formula(shape, settings, tokens, tokens // max(lines, 1), bound).estimate(processes)
        for bound in bounds
    )
    return MemoryRange(least=least, most=most, trainable=_trainable(shape, settings))


def _trainable(shape: ModelShape, settings: MemorySettings) -> int:
    return shape.adapter_parameters(settings.lora_modules, settings.lora_rank, settings.expert_rank)


class _Formula:
    """One end of an estimate. Everything here is in bytes."""

    def __init__(
        self, shape: ModelShape, settings: MemorySettings, tokens: int, length: int, bound: Bound
    ) -> None:
        self._shape, self._settings, self._bound = shape, settings, bound
        self._tokens, self._length = tokens, length
        self._stream = settings.stream_bytes
        self._fused = (settings.kernels or bound.kernels) == "fused"

    def estimate(self, processes: int) -> MemoryEstimate:
        shape, settings = self._shape, self._settings
        trainable = _trainable(shape, settings)
        each = ADAPTER_BYTES[settings.adapter]
        exchanged = each.gradient if processes > 1 else 0
        checkpoints, layer = self._activations()
        parts = {
            "weights": self._weights(),
            "embeddings": (shape.embedding_parameters + shape.other) * self._stream,
            "adapter": trainable * (each.weight + each.gradient + exchanged),
            "optimizer": trainable * each.moments,
            "checkpoints": checkpoints,
            "layer": layer,
            "logits": self._scores(self._tokens, "full"),
            "copies": self._copies(),
        }
        idle = self._bound.idle * sum(parts.values())
        return MemoryEstimate(
            **{name: part / GB for name, part in parts.items()},
            overhead=self._bound.overhead / GB,
            idle=idle / GB,
        )

    def _weights(self) -> float:
        shape, settings = self._shape, self._settings
        linears = shape.linear_parameters * WEIGHT_BYTES[settings.weights]
        experts = shape.expert_parameters * WEIGHT_BYTES[settings.expert_format]
        return linears + experts + shape.router_parameters * self._stream

    def _activations(self) -> tuple[float, float]:
        """Of the layers' inputs, and of what is kept inside of layers, or of a chunk of scores."""
        kept, passing = self._tokens * self._kept(), self._tokens * self._passing()
        chunk = self._scores(min(self._tokens, LOSS_CHUNK), "chunked")
        if not self._settings.checkpointing:
            return 0.0, kept * self._shape.layers + max(passing, chunk)
        inputs = float(self._tokens * self._shape.hidden * self._stream)
        # Offloading holds the one that is in use and the one that is on its way.
        layers = 2 if self._settings.offload else self._shape.layers
        return inputs * layers, max(kept + passing, chunk)

    def _kept(self) -> float:
        """What a layer keeps for its backward pass, for each token.

        Counted from the tensors that autograd saves in transformers 5 with PEFT's adapters: the
        inputs of two norms, in 32 bits; queries, keys, values and the output of attention; in a
        feed-forward block its projections, and what of them is activated; and what adapters keep.
        """
        shape, stream = self._shape, self._stream
        norms = 2 * shape.hidden * (stream if self._fused else FP32)
        keys = shape.key_value
        if self._settings.kernels is None and self._bound.copies:
            keys = shape.query
        attention = 2 * (shape.query + keys) * stream
        block = self._block(self._width)
        width = shape.expert_intermediate
        # Each expert's inputs and products are gathered for it.
        expert = self._block(width) + (width + 2 * shape.hidden) * stream
        mixed = shape.active_experts * expert + self._block(shape.shared_intermediate)
        return norms + attention + self._adapters() + self._attention_scores() + max(block, mixed)

    @property
    def _width(self) -> int:
        """Of the feed-forward block that every token passes through; 0 without one."""
        return self._shape.intermediate or self._shape.shared_intermediate

    def _block(self, width: int) -> float:
        """Of a feed-forward block of that width: a fused one computes what is activated again."""
        return ((2 if self._shape.gated else 1) + (0 if self._fused else 1)) * width * self._stream

    def _adapters(self) -> float:
        """What the adapters keep: what is between their two matrices, and what goes into them.

        A norm's output goes into several matrices and is kept once; where it is cast or partly
        left out for each of them alone, each keeps its own. Frozen matrices keep nothing.
        """
        shape, settings = self._shape, self._settings
        inputs = {"o_proj": shape.query, "down_proj": self._width}
        modules = [name for name in settings.lora_modules if name in dict(shape.linears)]
        between = len(modules) * settings.lora_rank * self._stream
        own = sum(inputs.get(name, shape.hidden) for name in modules)
        if settings.dropout:
            left_out = FP32 if settings.processor else 1
            return between + own * (self._stream + left_out)
        if settings.casts and not self._fused:
            return between + own * self._stream
        shared = (
            (shape.hidden, ("q_proj", "k_proj", "v_proj")),
            (shape.hidden, ("gate_proj", "up_proj")),
            (self._width, ("down_proj",)),
        )
        once = sum(width for width, names in shared if set(names) & set(modules))
        return between + once * self._stream

    def _attention_scores(self) -> float:
        """Scores as such, and as probabilities in 32 bits, of each head with all tokens before."""
        if self._settings.attention == "fused":
            return 0.0
        return float(self._shape.heads * self._length * (self._stream + FP32))

    def _passing(self) -> float:
        """Gradients in the layer whose backward pass it is, for each token."""
        shape, stream = self._shape, self._stream
        widest = max(
            shape.intermediate,
            shape.active_experts * shape.expert_intermediate + shape.shared_intermediate,
        )
        gradients = (1 if self._fused else 2) + (1 if shape.gated else 0)
        return (gradients * widest + 2 * shape.hidden) * stream + self._attention_scores()

    def _scores(self, tokens: int, kept: LogitsKept) -> float:
        """Of the scores of some tokens, if the run keeps them in that way."""
        each = self._bound.logit_copies * (self._bound.logit_bytes or self._stream)
        return float(tokens * self._shape.vocabulary * each) if self._settings.logits == kept else 0

    def _copies(self) -> float:
        """The largest quantised matrix in 16 bits, and the head if it is kept in 32.

        A layer's fused experts are one matrix.
        """
        shape, settings = self._shape, self._settings
        quantised = [
            linear.parameters // linear.copies
            for _, linear in shape.linears
            if settings.weights in ("nf4", "nvfp4")
        ]
        quantised += [
            tensor.parameters // shape.sparse_layers
            for tensor in shape.expert_tensors
            if settings.expert_format in ("nf4", "nvfp4")
        ]
        head = shape.vocabulary * shape.hidden if settings.wide else 0
        return float((max(quantised, default=0) + head) * _COPY_BYTES)
