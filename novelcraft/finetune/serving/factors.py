"""An adapter's factors, layer by layer, as servers want them.

Training holds the experts of a layer as one parameter, and PEFT gives it one pair of factors in
which the experts stand one after the other. Servers know experts one by one, and their two first
projections apart.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from safetensors.torch import load_file

from novelcraft.errors import AdapterError
from novelcraft.finetune.adapters.folder import Adapter

_PREFIX = "base_model.model."
_EXPERTS = re.compile(r"(?P<experts>.+\.experts)(\.base_layer)?")


@dataclass(frozen=True)
class Factors:
    """A layer's change: `up @ down`, times the adapter's scale."""

    layer: str
    """As the base calls it: `model.layers.0.self_attn.q_proj`; of experts,
    `model.layers.0.mlp.experts.gate_proj`."""
    down: torch.Tensor
    """Rank by inputs; of experts, experts by rank by inputs."""
    up: torch.Tensor
    """Outputs by rank; of experts, experts by outputs by rank."""


def read_factors(adapter: Adapter, settings: Any) -> Iterator[Factors]:
    """The factors of all layers, in fp32.

    Args:
        adapter: What they are of.
        settings: The base's `config.json`, as transformers reads it.

    Raises:
        AdapterError: The adapter has what no server takes, or changes experts of another form.
    """
    if adapter.use_dora or adapter.modules_to_save:
        what = "uses DoRA" if adapter.use_dora else "trains layers as a whole"
        raise AdapterError(
            f"{adapter.folder} {what}, which no server takes.",
            fix="Merge it into its base and serve that.",
        )
    tensors = load_file(adapter.weights)
    for name in sorted(tensors):
        place, found, _ = name.removeprefix(_PREFIX).rpartition(".lora_A.weight")
        if not found:
            if ".lora_B.weight" not in name:
                raise AdapterError(
                    f"{adapter.weights} holds {name}, which no server takes.",
                    fix="Merge the adapter into its base and serve that.",
                )
            continue
        down = tensors[name].float()
        up = tensors[name.replace(".lora_A.", ".lora_B.")].float()
        experts = _EXPERTS.fullmatch(place)
        if experts:
            yield from _by_expert(experts["experts"], down, up, adapter.rank, settings)
        else:
            yield Factors(place, down, up)


def _by_expert(
    place: str, down: torch.Tensor, up: torch.Tensor, rank: int, settings: Any
) -> Iterator[Factors]:
    text = settings.get_text_config()
    inner = getattr(text, "moe_intermediate_size", None)
    sizes, count = (down.shape[1], up.shape[0]), down.shape[0] // rank
    # The one counts experts before ranks, the other ranks before experts.
    downs = down.reshape(count, rank, down.shape[1])
    ups = up.reshape(up.shape[0], rank, count).permute(2, 0, 1)
    if inner and sizes == (text.hidden_size, 2 * inner):
        yield Factors(f"{place}.gate_proj", downs, ups[:, :inner])
        yield Factors(f"{place}.up_proj", downs, ups[:, inner:])
    elif inner and sizes == (inner, text.hidden_size):
        yield Factors(f"{place}.down_proj", downs, ups)
    else:
        raise AdapterError(
            f"An adapter on the experts of a {text.model_type} model is not converted: they have "
            "another form than Qwen3-MoE's.",
            fix="Merge the adapter into its base and serve that.",
        )
