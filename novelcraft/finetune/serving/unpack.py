"""A GGUF model brought back to the form that training takes: safetensors, with its tokenizer.

Weights that were quantised come back as what they were rounded to; they are not the ones that
were published. It lets a narrator be trained on the very model that llama.cpp runs.
"""

from __future__ import annotations

from pathlib import Path

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig

from novelcraft.errors import BaseModelError, ConfigError
from novelcraft.tools.storage.folders import new_folder

_LARGE = 1_000_000_000
"""Weights from which they are written in 16 bits."""


def unpack_gguf(gguf: Path, folder: Path) -> Path:
    """Write a GGUF model as a folder of safetensors.

    Args:
        gguf: The file.
        folder: The new folder; must not be there yet.

    Raises:
        BaseModelError: The file cannot be read, or is of a kind that transformers does not know.
        ConfigError: The folder is in the way.
        DiskFullError, ReadOnlyError, ExportError: It cannot be written.
    """
    if folder.exists():
        raise ConfigError(f"{folder} is there already.", fix="Name another folder.")
    try:
        where = {"gguf_file": gguf.name, "trust_remote_code": False}
        tokenizer = AutoTokenizer.from_pretrained(gguf.parent, **where)
        model = AutoModelForCausalLM.from_pretrained(
            gguf.parent, quantization_config=GgufConfig(dequantize=True), **where
        )
    except Exception as error:
        said = str(error).strip().splitlines() or [type(error).__name__]
        raise BaseModelError(
            f"{gguf} cannot be unpacked: {said[0]}",
            fix="Give a GGUF file of an architecture that transformers reads, such as Llama's.",
        ) from error
    large = sum(p.numel() for p in model.parameters()) > _LARGE
    with new_folder(folder) as partial:
        model.to(torch.bfloat16 if large else torch.float32).save_pretrained(partial)
        tokenizer.save_pretrained(partial)
    return folder
