"""The experts of a sparse model in four bits.

transformers holds the experts of a layer as two parameters, which bitsandbytes, made for linear
layers, leaves at 16 bits. This module takes their place: the same routing and the same products,
from matrices that are brought back when they are multiplied, and again for the backward pass. An
adapter of its experts is applied beside them, never added to them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import torch
from torch import nn
from torch.nn import functional

from novelcraft.finetune.sparse.packed import BLOCK, Unpacked, placeholder

PROJECTIONS = ("gate_up_proj", "down_proj")
"""The two parameters, in the order in which a token meets them."""
_AMPERE = (8, 0)
"""The first kind of accelerator with grouped products."""
_ALIGNED = 8
"""Ranks that grouped products in 16 bits take are multiples of this."""


class Factors(NamedTuple):
    """An adapter of one projection."""

    down: torch.Tensor
    """Experts by rank by inputs."""
    up: torch.Tensor
    """Experts by outputs by rank."""
    scale: float


class Groups(NamedTuple):
    """Rows sorted by the expert that they are for."""

    ends: torch.Tensor
    """Where the rows of each expert end."""
    together: bool
    """Whether all experts are multiplied at once: faster with many rows, and a layer's matrices
    are brought back as a whole for it."""

    def spans(self) -> Iterator[tuple[int, slice]]:
        """The experts that have rows, and which."""
        start = 0
        for expert, end in enumerate(self.ends.tolist()):
            if end > start:
                yield expert, slice(start, end)
            start = end


def fused(module: nn.Module) -> dict[str, nn.Parameter]:
    """The fused parameters of a module that is a layer's experts; none of any other."""
    if not hasattr(module, "num_experts"):
        return {}
    return {name: p for name, p in module.named_parameters(recurse=False) if p.dim() > 2}


def form_fault(module: nn.Module) -> str:
    """Why experts cannot be held in four bits; empty where they can.

    Args:
        module: Experts as transformers has them, or anything else with parameters of its own.
    """
    held = fused(module)
    if not held:
        return ""
    if set(held) != set(PROJECTIONS) or not getattr(module, "has_gate", False):
        return f"they are held as {', '.join(sorted(held))}"
    if getattr(module, "is_transposed", True):
        return "their matrices are transposed"
    if len(list(module.parameters())) > len(held):
        return "they have biases or norms of their own"
    if any(p[0].numel() % BLOCK for p in held.values()):
        return f"their matrices are no multiple of {BLOCK} weights"
    return ""


class Nf4Experts(nn.Module):
    """The experts of a layer, their matrices packed to four bits a weight and frozen."""

    def __init__(self, experts: Any) -> None:
        """Take the place of experts as transformers has them, which are still without weights."""
        super().__init__()
        # In a tuple, so that it is no module of this one.
        self._shell = (experts,)
        self.num_experts = int(experts.gate_up_proj.shape[0])
        self.shapes = {name: getattr(experts, name).shape for name in PROJECTIONS}
        """Of the unpacked matrices: experts by outputs by inputs."""
        for name in PROJECTIONS:
            self.register_parameter(name, placeholder(self.shapes[name]))
        self.together: bool | None = None
        """Whether to multiply all experts at once; None decides by where and how much."""
        self._adapters: dict[str, Sequence[Factors]] = {}

    def unpacked(self) -> Any:
        """The experts as transformers has them, with the matrices brought back."""
        (shell,) = self._shell
        for name in PROJECTIONS:
            setattr(shell, name, nn.Parameter(Unpacked(getattr(self, name)).all(), False))
        return shell

    @contextmanager
    def adapted(self, name: str, factors: Sequence[Factors]) -> Iterator[None]:
        """Apply adapters to a projection for as long as this lasts."""
        self._adapters[name] = factors
        try:
            yield
        finally:
            del self._adapters[name]

    def forward(
        self, hidden_states: torch.Tensor, top_k_index: torch.Tensor, top_k_weights: torch.Tensor
    ) -> torch.Tensor:
        """Pass each token through the experts chosen for it.

        Args:
            hidden_states: Tokens by width.
            top_k_index: Tokens by choices: the numbers of experts.
            top_k_weights: Tokens by choices: what each expert's answer counts.

        Returns:
            Tokens by width.
        """
        tokens, choices = top_k_index.shape
        experts, order = torch.sort(top_k_index.reshape(-1), stable=True)
        groups = Groups(
            _ends(experts, self.num_experts),
            self._together(hidden_states, len(experts)),
        )
        inputs = hidden_states[order // choices].to(self.gate_up_proj.quant_state.dtype)
        inner = self._shell[0]._apply_gate(self._project("gate_up_proj", inputs, groups))
        found = self._project("down_proj", inner, groups)
        weighed = found * top_k_weights.reshape(-1)[order].unsqueeze(-1)
        back = torch.empty_like(order)
        back[order] = torch.arange(len(order), device=order.device)
        summed = weighed[back].view(tokens, choices, -1).sum(1)
        return summed.to(hidden_states.dtype)

    def _together(self, hidden_states: torch.Tensor, rows: int) -> bool:
        if self.together is not None:
            return self.together
        ranks = (each.down.shape[1] for used in self._adapters.values() for each in used)
        return (
            hidden_states.is_cuda
            and rows >= self.num_experts
            and torch.cuda.get_device_capability(hidden_states.device) >= _AMPERE
            and not any(rank % _ALIGNED for rank in ranks)
        )

    def _project(self, name: str, inputs: torch.Tensor, groups: Groups) -> torch.Tensor:
        found: torch.Tensor = _Frozen.apply(inputs, getattr(self, name), groups)
        for factors in self._adapters.get(name, ()):
            down, up = factors.down.to(inputs.dtype), factors.up.to(inputs.dtype)
            change = _product(_product(inputs, down, groups), up, groups)
            found = found + change * factors.scale
        return found


class _Frozen(torch.autograd.Function):
    """Products with packed matrices, which are brought back for each pass and not kept."""

    @staticmethod
    def forward(ctx: Any, inputs: torch.Tensor, packed: Any, groups: Groups) -> torch.Tensor:
        ctx.packed, ctx.groups = packed, groups
        unpacked = Unpacked(packed)
        if groups.together:
            return _grouped(inputs, unpacked.all().mT, groups)
        found = inputs.new_empty((len(inputs), packed.quant_state.shape[1]))
        for expert, rows in groups.spans():
            found[rows] = inputs[rows] @ unpacked.one(expert).T
        return found

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[torch.Tensor, None, None]:
        unpacked, groups = Unpacked(ctx.packed), ctx.groups
        if groups.together:
            return _grouped(gradient.contiguous(), unpacked.all(), groups), None, None
        found = gradient.new_empty((len(gradient), ctx.packed.quant_state.shape[2]))
        for expert, rows in groups.spans():
            found[rows] = gradient[rows] @ unpacked.one(expert)
        return found, None, None


def _ends(experts: torch.Tensor, count: int) -> torch.Tensor:
    numbers = torch.arange(count, device=experts.device)
    return torch.searchsorted(experts, numbers, right=True).int()


def _product(inputs: torch.Tensor, matrices: torch.Tensor, groups: Groups) -> torch.Tensor:
    """Each expert's rows with its matrix, outputs by inputs; differentiable in both."""
    if groups.together:
        return _grouped(inputs, matrices.contiguous().mT, groups)
    return torch.cat([inputs[rows] @ matrices[expert].T for expert, rows in groups.spans()])


def _grouped(inputs: torch.Tensor, matrices: torch.Tensor, groups: Groups) -> torch.Tensor:
    found: torch.Tensor = functional.grouped_mm(inputs, matrices, offs=groups.ends)
    return found
