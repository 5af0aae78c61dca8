"""Bases that are not what they seem are refused when they are loaded."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from novelcraft.errors import BaseModelError
from tests.finetune.marks import TRAINS

pytestmark = TRAINS


@pytest.mark.parametrize("four_bits", [False, True])
def test_a_tensor_that_is_not_in_the_files_is_not_drawn_at_random(
    tiny_base: Path, tmp_path: Path, four_bits: bool
) -> None:
    from safetensors.torch import load_file, save_file

    from novelcraft.finetune.models import ComputeDevice, load_base

    base = tmp_path / "base"
    shutil.copytree(tiny_base, base)
    cpu = ComputeDevice("cpu", "fp32")
    assert load_base(str(base), cpu, four_bits=four_bits)
    file = base / "model.safetensors"
    tensors = load_file(file)
    name = "model.layers.1.mlp.up_proj.weight"
    del tensors[name]
    save_file(tensors, file, metadata={"format": "pt"})
    with pytest.raises(BaseModelError, match=f"lack the tensor {name}\\. Random"):
        load_base(str(base), cpu, four_bits=four_bits)
