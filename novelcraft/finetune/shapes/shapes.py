"""The sizes of a model that its memory and its speed follow from."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, NamedTuple

from pydantic import Field

from novelcraft.state.base import Frozen

Module = Literal["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
ATTENTION: tuple[Module, ...] = ("q_proj", "k_proj", "v_proj", "o_proj")
MLP: tuple[Module, ...] = ("gate_proj", "up_proj", "down_proj")


class Linear(NamedTuple):
    """A kind of weight matrix: its two sides, and how many of them the model has."""

    inputs: int
    outputs: int
    copies: int

    @property
    def parameters(self) -> int:
        """Parameters of all copies together."""
        return self.inputs * self.outputs * self.copies

    def adapter(self, rank: int) -> int:
        """Parameters that LoRA of that rank adds to all of them."""
        return rank * (self.inputs + self.outputs) * self.copies


class ModelShape(Frozen):
    """The sizes of a decoder-only model, dense or of experts."""

    name: str
    family: str
    """`model_type` of its configuration."""
    layers: int = Field(gt=0)
    hidden: int = Field(gt=0)
    heads: int = Field(gt=0)
    """Query heads of a layer."""
    query: int = Field(gt=0)
    """Width of all query heads together."""
    key_value: int = Field(gt=0)
    """Width of all key heads together; the value heads' is the same."""
    attention_gate: bool = False
    """Whether the projection of the queries makes a gate of their width beside them."""
    linear_attention: int = Field(default=0, ge=0)
    """Layers whose attention is of linear cost, and has matrices of its own."""
    linear_attention_width: int = Field(default=0, ge=0)
    """Columns of all matrices of such a layer's attention, each `hidden` long."""
    intermediate: int = Field(ge=0)
    """Width of a dense feed-forward block; 0 where every layer is made of experts."""
    gated: bool = True
    """Whether feed-forward blocks multiply two projections, as SwiGLU does, or have one alone."""
    vocabulary: int = Field(gt=0)
    tied: bool = False
    """Whether the output head is the embedding's own matrix."""
    experts: int = Field(default=0, ge=0)
    """Experts in a layer that has any; 0 in a dense model."""
    active_experts: int = Field(default=0, ge=0)
    """How many of them a token passes through."""
    expert_intermediate: int = Field(default=0, ge=0)
    shared_intermediate: int = Field(default=0, ge=0)
    """Width of the blocks beside the experts that every token passes through."""
    sparse_layers: int = Field(default=0, ge=0)
    """Layers that have experts."""
    other: int = Field(default=0, ge=0)
    """Parameters that are loaded, never quantised and not trained: an encoder of images, tables
    of embeddings for each layer."""

    @property
    def linears(self) -> tuple[tuple[Module, Linear], ...]:
        """The matrices that are `nn.Linear` in transformers and can carry an adapter each."""
        return tuple((name, linear) for name, linear in self._linears() if linear.parameters)

    def _linears(self) -> Iterator[tuple[Module, Linear]]:
        layers = self.layers - self.linear_attention
        queries = self.query * (2 if self.attention_gate else 1)
        yield "q_proj", Linear(self.hidden, queries, layers)
        yield "k_proj", Linear(self.hidden, self.key_value, layers)
        yield "v_proj", Linear(self.hidden, self.key_value, layers)
        yield "o_proj", Linear(self.query, self.hidden, layers)
        dense = self.layers - self.sparse_layers
        for width, copies in (
            (self.intermediate, dense),
            (self.shared_intermediate, self.sparse_layers),
        ):
            if self.gated:
                yield "gate_proj", Linear(self.hidden, width, copies)
            yield "up_proj", Linear(self.hidden, width, copies)
            yield "down_proj", Linear(width, self.hidden, copies)

    @property
    def expert_tensors(self) -> tuple[Linear, ...]:
        """The experts' matrices: gate and up are one tensor, as transformers 5 keeps them."""
        if not self.experts:
            return ()
        copies = self.experts * self.sparse_layers
        return (
            Linear(self.hidden, (2 if self.gated else 1) * self.expert_intermediate, copies),
            Linear(self.expert_intermediate, self.hidden, copies),
        )

    @property
    def linear_parameters(self) -> int:
        """Of attention and of feed-forward blocks that every token passes through."""
        mixers = self.linear_attention * self.linear_attention_width * self.hidden
        return mixers + sum(linear.parameters for _, linear in self.linears)

    @property
    def expert_parameters(self) -> int:
        """Of all experts, which transformers 5 holds as two tensors a layer."""
        return sum(linear.parameters for linear in self.expert_tensors)

    @property
    def router_parameters(self) -> int:
        """Of the matrices that choose the experts; never quantised."""
        return self.hidden * self.experts * self.sparse_layers

    @property
    def embedding_parameters(self) -> int:
        """Of the embedding, and of the output head where it has its own matrix."""
        return self.vocabulary * self.hidden * (1 if self.tied else 2)

    @property
    def parameters(self) -> int:
        """Of the whole model, but for norms and biases, which are some thousandths of it."""
        return (
            self.linear_parameters
            + self.expert_parameters
            + self.router_parameters
            + self.embedding_parameters
            + self.other
        )

    @property
    def active_parameters(self) -> int:
        """That a token is multiplied with: without the embedding, with the chosen experts only."""
        experts = self.expert_parameters * self.active_experts // max(self.experts, 1)
        head = self.vocabulary * self.hidden
        return self.linear_parameters + experts + self.router_parameters + head

    def adapter_parameters(self, modules: tuple[Module, ...], rank: int, expert_rank: int) -> int:
        """Trainable parameters of a LoRA adapter.

        Args:
            modules: The matrices that carry it; those that the model lacks count nothing.
            rank: On each of them.
            expert_rank: On every expert's matrices; 0 leaves the experts alone.
        """
        dense = sum(linear.adapter(rank) for name, linear in self.linears if name in modules)
        return dense + sum(tensor.adapter(expert_rank) for tensor in self.expert_tensors)
