"""A merged model is held against base and adapter, and against the base without the adapter."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from novelcraft.errors import AdapterError
from tests.finetune.marks import TRAINS
from tests.finetune.tiny import make_base

pytestmark = TRAINS


def test_a_merged_model_is_verified(tiny_adapter: Path, tmp_path: Path) -> None:
    from novelcraft.finetune.serving.merge import merge_adapter, verify_merged

    merge_adapter(tiny_adapter, tmp_path / "merged")
    verdict = verify_merged(tiny_adapter, tmp_path / "merged")
    assert verdict.apart.logits < 3e-5
    assert verdict.effect.kl_divergence > 0.1
    other = make_base(tmp_path / "other", steps=1)
    with pytest.raises(AdapterError, match="away from base and adapter"):
        verify_merged(tiny_adapter, other)


def test_a_bare_base_is_found_out_however_weak_the_adapter(
    tiny_base: Path, tiny_adapter: Path, tmp_path: Path
) -> None:
    import torch

    from novelcraft.finetune.models import load_base, load_tokenizer
    from novelcraft.finetune.serving.comparing import CPU
    from novelcraft.finetune.serving.merge import LIMITS, merge_adapter, verify_merged

    weak = weakened(tiny_adapter, tmp_path / "weak", 0.04)
    merge_adapter(weak, tmp_path / "merged", stored_as="bf16")
    verdict = verify_merged(weak, tmp_path / "merged")
    # What the adapter changes is less than what rounding may.
    assert 10 * verdict.apart.kl_divergence < verdict.effect.kl_divergence < LIMITS[torch.bfloat16]
    load_base(str(tiny_base), CPU).bfloat16().save_pretrained(tmp_path / "bare")
    load_tokenizer(str(tiny_base)).save_pretrained(tmp_path / "bare")
    with pytest.raises(AdapterError, match="the bare base"):
        verify_merged(weak, tmp_path / "bare")


def test_an_adapter_that_rounding_takes_away_is_not_merged(
    tiny_adapter: Path, tmp_path: Path
) -> None:
    from novelcraft.finetune.serving.merge import merge_adapter

    weak = weakened(tiny_adapter, tmp_path / "weak", 1e-5)
    with pytest.raises(AdapterError, match="Store it as fp32"):
        merge_adapter(weak, tmp_path / "merged", stored_as="bf16")
    assert not (tmp_path / "merged").exists()


def weakened(adapter: Path, folder: Path, share: float) -> Path:
    """A copy of an adapter with a share of its strength."""
    shutil.copytree(adapter, folder)
    file = folder / "adapter_config.json"
    config = json.loads(file.read_text(encoding="utf-8"))
    config["lora_alpha"] *= share
    file.write_text(json.dumps(config), encoding="utf-8")
    return folder
