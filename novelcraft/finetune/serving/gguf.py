"""An adapter as a GGUF file, for llama.cpp.

llama.cpp divides the strength by the rank; where an adapter divides it by the rank's root, the
strength that is written makes up for it. Bases of the Llama architecture have the rows of their
query and key projections in another order there, and so has the adapter.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from gguf import MODEL_ARCH, GGUFWriter, Keys, get_tensor_name_map

from novelcraft.errors import AdapterError, BaseModelError
from novelcraft.finetune.adapters.folder import Adapter, read_adapter
from novelcraft.finetune.adapters.origin import GGUF_KEY, origin_of
from novelcraft.finetune.models import load_settings
from novelcraft.finetune.serving.factors import Factors, read_factors
from novelcraft.tools.storage.files import storage_errors

GgufType = Literal["f16", "f32"]
_ARCHITECTURES = {
    "llama": MODEL_ARCH.LLAMA,
    "mistral": MODEL_ARCH.LLAMA,
    "qwen2": MODEL_ARCH.QWEN2,
    "qwen3": MODEL_ARCH.QWEN3,
    "qwen3_moe": MODEL_ARCH.QWEN3MOE,
}
_NAMES = {
    MODEL_ARCH.LLAMA: "llama",
    MODEL_ARCH.QWEN2: "qwen2",
    MODEL_ARCH.QWEN3: "qwen3",
    MODEL_ARCH.QWEN3MOE: "qwen3moe",
}


@dataclass(frozen=True)
class GgufReport:
    """A file that was written."""

    path: Path
    architecture: str
    layers: int
    """How many layers it changes."""
    alpha: float
    """The strength as it is written."""


def convert_adapter(
    folder: Path, output: Path, *, base: str = "", stored_as: GgufType = "f16"
) -> GgufReport:
    """Write an adapter as GGUF.

    Args:
        folder: The adapter's.
        output: The file; replaced when it is there.
        base: The base model, for its `config.json`; empty for the one that the adapter names.
        stored_as: The type of its numbers.

    Raises:
        AdapterError: The adapter cannot be read, or has what llama.cpp does not take.
        BaseModelError: The base cannot be read, or is of a kind that is not converted.
        DiskFullError, ReadOnlyError, ExportError: The file cannot be written.
    """
    adapter = read_adapter(folder)
    settings, architecture = _base(base or adapter.base_model)
    partial = output.with_name(f".writing-{output.name}")
    # What llama.cpp makes of it, divided by the rank, is the adapter's own scale.
    alpha = adapter.scale * adapter.rank
    with storage_errors(output):
        output.parent.mkdir(parents=True, exist_ok=True)
        try:
            writer = GGUFWriter(partial, _NAMES[architecture])
            writer.add_type("adapter")
            writer.add_string(Keys.Adapter.TYPE, "lora")
            writer.add_float32(Keys.Adapter.LORA_ALPHA, alpha)
            writer.add_string(GGUF_KEY, origin_of(folder).model_dump_json())
            count = _add_tensors(writer, adapter, settings, architecture, stored_as)
            writer.write_header_to_file()
            writer.write_kv_data_to_file()
            writer.write_tensors_to_file()
            writer.close()
            partial.replace(output)
        finally:
            partial.unlink(missing_ok=True)
    return GgufReport(output, _NAMES[architecture], count, alpha)


def _base(base: str) -> tuple[Any, MODEL_ARCH]:
    settings = load_settings(base)
    architecture = _ARCHITECTURES.get(settings.model_type)
    if architecture is None:
        raise BaseModelError(
            f"Adapters of {settings.model_type} models are not converted to GGUF.",
            fix=f"Merge it instead. Converted are: {', '.join(_ARCHITECTURES)}.",
        )
    return settings, architecture


def _add_tensors(
    writer: GGUFWriter,
    adapter: Adapter,
    settings: Any,
    architecture: MODEL_ARCH,
    stored_as: GgufType,
) -> int:
    names = get_tensor_name_map(architecture, settings.num_hidden_layers)
    kind = np.float16 if stored_as == "f16" else np.float32
    count = 0
    for factors in read_factors(adapter, settings):
        name = names.get_name(factors.layer)
        if name is None:
            raise AdapterError(
                f"llama.cpp has no place for an adapter on {factors.layer}.",
                fix="Merge the adapter into its base and convert that.",
            )
        up = _up(factors, settings, architecture)
        writer.add_tensor(f"{name}.weight.lora_a", factors.down.numpy().astype(kind))
        writer.add_tensor(f"{name}.weight.lora_b", up.contiguous().numpy().astype(kind))
        count += 1
    return count


def _up(factors: Factors, settings: Any, architecture: MODEL_ARCH) -> torch.Tensor:
    part = factors.layer.rpartition(".")[2]
    if architecture != MODEL_ARCH.LLAMA or part not in ("q_proj", "k_proj"):
        return factors.up
    heads = settings.num_attention_heads if part == "q_proj" else settings.num_key_value_heads
    return reorder(factors.up, heads)


def reorder(rows: torch.Tensor, heads: int) -> torch.Tensor:
    """The rows of a query or key projection, from halves of a head to pairs of numbers.

    Rotations are applied to the numbers of a head in pairs: the first half with the second half
    in transformers, each with its neighbour in llama.cpp.
    """
    outputs = rows.shape[0]
    split = rows.reshape(heads, 2, outputs // heads // 2, *rows.shape[1:])
    return split.swapaxes(1, 2).reshape(rows.shape)
