"""A trained adapter put on its base."""

from __future__ import annotations

from typing import Any

from peft import LoraConfig, PeftModel
from safetensors import SafetensorError

from novelcraft.errors import AdapterError
from novelcraft.finetune.adapters.folder import Adapter
from novelcraft.finetune.sparse.expert_adapters import adapts_experts


def attach(model: Any, adapter: Adapter, *, exact: bool = False) -> Any:
    """Put a trained adapter on a base.

    Raises:
        AdapterError: It is of another base.
    """
    model = model.dequantize().float() if exact else model
    check_fit(model, adapter)
    try:
        config = adapts_experts(LoraConfig.from_pretrained(str(adapter.folder)))
        return PeftModel.from_pretrained(model, str(adapter.folder), config=config)
    except (RuntimeError, ValueError, SafetensorError) as error:
        raise _other_base(adapter, str(error).splitlines()[0]) from error


def check_fit(model: Any, adapter: Adapter) -> None:
    """See that a base has the layers that an adapter is for, in their sizes.

    Raises:
        AdapterError: It has not.
    """
    layers = dict(model.named_modules())
    for name, shape in adapter.shapes.items():
        place, _, part = name.removeprefix("base_model.model.").rpartition(".lora_")
        if not place or part[0] not in "AB" or ".experts" in place:
            continue
        layer = layers.get(place)
        if layer is None:
            raise _other_base(adapter, f"the base has no {place}")
        if not hasattr(layer, "in_features"):
            continue
        size = layer.in_features if part[0] == "A" else layer.out_features
        mine = shape[1] if part[0] == "A" else shape[0]
        if size != mine:
            raise _other_base(adapter, f"{place} has {size} numbers where it has {mine}")


def _other_base(adapter: Adapter, why: str) -> AdapterError:
    return AdapterError(
        f"{adapter.folder} is an adapter for another base: {why}.",
        fix=f"Give the base that it was trained on: {adapter.base_model}.",
    )
