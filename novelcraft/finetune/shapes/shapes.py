"""The sizes of a model that its memory and its speed follow from, as its `config.json` has them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Literal, NamedTuple

from pydantic import Field

from novelcraft.errors import ConfigError
from novelcraft.state.base import Frozen

Module = Literal["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
ATTENTION: tuple[Module, ...] = ("q_proj", "k_proj", "v_proj", "o_proj")
MLP: tuple[Module, ...] = ("gate_proj", "up_proj", "down_proj")

FAMILIES = ("llama", "mistral", "qwen", "qwen2", "qwen3", "qwen3_moe")
"""Values of `model_type` that are understood."""


class Linear(NamedTuple):
    """A kind of weight matrix: its two sides, and how many of them the model has."""

    inputs: int
    outputs: int
    copies: int

    @property
    def parameters(self) -> int:
        """Of all of them."""
        return self.inputs * self.outputs * self.copies

    def adapter(self, rank: int) -> int:
        """Parameters that LoRA of that rank adds to all of them."""
        return rank * (self.inputs + self.outputs) * self.copies


class ModelShape(Frozen):
    """The sizes of a decoder-only model with gated feed-forward blocks, dense or of experts."""

    name: str
    family: str
    """`model_type` of its configuration."""
    layers: int = Field(gt=0)
    hidden: int = Field(gt=0)
    query: int = Field(gt=0)
    """Width of all query heads together."""
    key_value: int = Field(gt=0)
    """Width of all key heads together; the value heads' is the same."""
    intermediate: int = Field(ge=0)
    """Width of a dense feed-forward block; 0 where every layer is made of experts."""
    vocabulary: int = Field(gt=0)
    tied: bool = False
    """Whether the output head is the embedding's own matrix."""
    experts: int = Field(default=0, ge=0)
    """Experts in a layer that has any; 0 in a dense model."""
    active_experts: int = Field(default=0, ge=0)
    """How many of them a token passes through."""
    expert_intermediate: int = Field(default=0, ge=0)
    sparse_layers: int = Field(default=0, ge=0)
    """Layers that have experts."""

    @property
    def linears(self) -> dict[Module, Linear]:
        """The matrices that are `nn.Linear` in transformers and can carry an adapter each."""
        heads = {
            "q_proj": Linear(self.hidden, self.query, self.layers),
            "k_proj": Linear(self.hidden, self.key_value, self.layers),
            "v_proj": Linear(self.hidden, self.key_value, self.layers),
            "o_proj": Linear(self.query, self.hidden, self.layers),
        }
        dense = self.layers - self.sparse_layers
        blocks = {
            "gate_proj": Linear(self.hidden, self.intermediate, dense),
            "up_proj": Linear(self.hidden, self.intermediate, dense),
            "down_proj": Linear(self.intermediate, self.hidden, dense),
        }
        found = {**heads, **blocks} if dense and self.intermediate else heads
        return {name: found[name] for name in (*ATTENTION, *MLP) if name in found}

    @property
    def expert_tensors(self) -> tuple[Linear, ...]:
        """The experts' matrices: gate and up are one tensor, as transformers 5 keeps them."""
        if not self.experts:
            return ()
        copies = self.experts * self.sparse_layers
        return (
            Linear(self.hidden, 2 * self.expert_intermediate, copies),
            Linear(self.expert_intermediate, self.hidden, copies),
        )

    @property
    def linear_parameters(self) -> int:
        """Of attention and dense feed-forward blocks."""
        return sum(linear.parameters for linear in self.linears.values())

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
        linears = self.linears
        dense = sum(linears[name].adapter(rank) for name in set(modules) if name in linears)
        return dense + sum(tensor.adapter(expert_rank) for tensor in self.expert_tensors)


def read_shape(folder: Path) -> ModelShape:
    """The sizes of the model in a folder.

    Raises:
        ConfigError: The folder has no readable `config.json`, or it is of a model of a kind
            that is not understood.
    """
    path = folder / "config.json"
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(
            f"{folder} holds no model: it has no config.json.",
            fix="Name the folder that a model was downloaded to, or its name on the hub.",
        ) from None
    except (OSError, ValueError) as error:
        raise ConfigError(
            f"{path} cannot be read: {error}.", fix="Download the model again."
        ) from error
    if not isinstance(config, dict):
        raise ConfigError(f"{path} holds no JSON object.", fix="Download the model again.")
    return shape_of(config, name=folder.name)


def shape_of(config: dict[str, Any], *, name: str) -> ModelShape:
    """The sizes in the fields of a `config.json`.

    Raises:
        ConfigError: The model is of a kind that is not understood, or a size is missing.
    """
    family = config.get("model_type")
    if family not in FAMILIES:
        raise ConfigError(
            f"{name} is of the kind {family!r}, whose memory cannot be estimated.",
            fix=f"Use a base of one of these kinds: {', '.join(FAMILIES)}.",
        )
    try:
        return _shape(config, family, name)
    except (KeyError, TypeError, ValueError, ArithmeticError) as error:
        raise ConfigError(
            f"The config.json of {name} lacks a size, or has one that cannot be: {error}.",
            fix="Download the model again.",
        ) from error


def _shape(config: dict[str, Any], family: str, name: str) -> ModelShape:
    heads, hidden = config["num_attention_heads"], config["hidden_size"]
    head = config.get("head_dim") or config.get("kv_channels") or hidden // heads
    layers = config["num_hidden_layers"]
    sparse = _sparse_layers(config, layers) if family == "qwen3_moe" else 0
    # First-generation Qwen states the width of gate and up together.
    share = 2 if family == "qwen" else 1
    return ModelShape(
        name=name,
        family=family,
        layers=layers,
        hidden=hidden,
        query=heads * head,
        key_value=(config.get("num_key_value_heads") or heads) * head,
        intermediate=config["intermediate_size"] // share if sparse < layers else 0,
        vocabulary=config["vocab_size"],
        tied=config.get("tie_word_embeddings", False),
        # Published under the first name; the second is what transformers writes.
        experts=config.get("num_experts") or config["num_local_experts"] if sparse else 0,
        active_experts=config["num_experts_per_tok"] if sparse else 0,
        expert_intermediate=config["moe_intermediate_size"] if sparse else 0,
        sparse_layers=sparse,
    )


def _sparse_layers(config: dict[str, Any], layers: int) -> int:
    """How many layers have experts: every `decoder_sparse_step`-th, but for those named."""
    step = config.get("decoder_sparse_step") or 1
    dense = set(config.get("mlp_only_layers") or ())
    return sum((layer + 1) % step == 0 and layer not in dense for layer in range(layers))
