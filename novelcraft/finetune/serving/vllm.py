"""An adapter as vLLM serves it: two factors for each linear layer, each expert by itself.

An adapter without experts is one already, and is copied.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file

from novelcraft.errors import ConfigError
from novelcraft.finetune.adapters.folder import CONFIG_FILE, WEIGHTS_FILE, Adapter, read_adapter
from novelcraft.finetune.adapters.origin import ORIGIN_FILE, origin_of
from novelcraft.finetune.models import load_settings
from novelcraft.finetune.serving.factors import Factors, read_factors
from novelcraft.tools.storage.folders import new_folder

_PREFIX = "base_model.model."


def convert_for_vllm(folder: Path, output: Path, *, base: str = "") -> Path:
    """Write an adapter in the form that vLLM loads.

    Args:
        folder: The adapter's.
        output: The new adapter's; must not be there yet.
        base: The base model, for its `config.json`; empty for the one that the adapter names.

    Raises:
        AdapterError: The adapter cannot be read, or has what vLLM does not take.
        BaseModelError: The base cannot be read.
        ConfigError: The output is in the way.
        DiskFullError, ReadOnlyError, ExportError: It cannot be written.
    """
    adapter = read_adapter(folder)
    if output.exists():
        raise ConfigError(f"{output} is there already.", fix="Name another folder.")
    settings = load_settings(base or adapter.base_model)
    tensors: dict[str, torch.Tensor] = {}
    for factors in read_factors(adapter, settings):
        for layer, down, up in _apart(factors):
            tensors[f"{_PREFIX}{layer}.lora_A.weight"] = down.contiguous().clone()
            tensors[f"{_PREFIX}{layer}.lora_B.weight"] = up.contiguous().clone()
    with new_folder(output) as partial:
        save_file(tensors, partial / WEIGHTS_FILE, metadata={"format": "pt"})
        config = json.dumps(_config(adapter, tensors), indent=2)
        (partial / CONFIG_FILE).write_text(config, encoding="utf-8")
        origin = origin_of(folder).model_dump_json()
        (partial / ORIGIN_FILE).write_text(origin, encoding="utf-8")
    return output


def _apart(factors: Factors) -> Iterator[tuple[str, torch.Tensor, torch.Tensor]]:
    if factors.down.dim() == 2:
        yield factors.layer, factors.down, factors.up
        return
    experts, _, part = factors.layer.rpartition(".")
    pairs = zip(factors.down, factors.up, strict=True)
    for number, (down, up) in enumerate(pairs):
        yield f"{experts}.{number}.{part}", down, up


def _config(adapter: Adapter, tensors: dict[str, torch.Tensor]) -> dict[str, Any]:
    config = json.loads((adapter.folder / CONFIG_FILE).read_text(encoding="utf-8"))
    layers = {name.rpartition(".lora_")[0].rpartition(".")[2] for name in tensors}
    return {**config, "target_modules": sorted(layers), "target_parameters": None}
