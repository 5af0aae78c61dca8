"""Merged models say what base and adapter said."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from novelcraft.errors import AdapterError, BaseModelError, ConfigError
from tests.finetune.marks import TRAINS
from tests.finetune.runs import losses, rows, settings, train
from tests.finetune.tiny import make_base

pytestmark = TRAINS


def test_a_merged_model_is_base_and_adapter(tiny_adapter: Path, tmp_path: Path) -> None:
    from novelcraft.finetune.adapters.folder import read_adapter
    from novelcraft.finetune.adapters.origin import merged_rows
    from novelcraft.finetune.adapters.trained import read_training
    from novelcraft.finetune.attach import attach
    from novelcraft.finetune.models import ComputeDevice, load_base
    from novelcraft.finetune.serving.comparing import difference, logits
    from novelcraft.finetune.serving.merge import merge_adapter

    report = merge_adapter(tiny_adapter, tmp_path / "merged")
    assert report.stored_as == "fp32"
    assert report.reloaded.logits < 3e-5
    assert report.trained == report.reloaded
    adapter = read_adapter(tiny_adapter)
    cpu = ComputeDevice("cpu", "fp32")
    bare = load_base(adapter.base_model, cpu)
    merged = load_base(str(tmp_path / "merged"), cpu)
    words = [[5, 6, 7, 8, 9], [30, 31, 32]]
    # The adapter does something, and the merged model does it too.
    assert difference(logits(bare, words), logits(merged, words)).logits > 0.1
    both = attach(bare, adapter)
    assert difference(logits(both, words), logits(merged, words)).logits < 3e-5
    names = {path.name for path in (tmp_path / "merged").iterdir()}
    assert "model.safetensors" in names
    assert {"tokenizer.json", "chat_template.jinja"} <= names
    assert [path.name for path in tmp_path.iterdir()] == ["merged"]
    # A run on top of it knows what the adapter had learnt.
    learnt = read_training(tiny_adapter).data_hash
    assert merged_rows(str(tmp_path / "merged")) == set(report.origin.rows) == {learnt}


def test_rounding_is_measured(tiny_adapter: Path, tmp_path: Path) -> None:
    from novelcraft.finetune.serving.merge import merge_adapter

    report = merge_adapter(tiny_adapter, tmp_path / "merged", stored_as="bf16")
    assert report.stored_as == "bf16"
    assert 0 < report.reloaded.kl_divergence < 0.05


def test_an_adapter_over_four_bits_is_merged_exactly_or_not(
    tiny_base: Path, tmp_path: Path
) -> None:
    from novelcraft.finetune.serving.merge import merge_adapter, verify_merged

    config = settings(rows(tmp_path / "data"), tiny_base, load_in_4bit=True)
    found = losses(train(config))
    assert found[24] < found[1] / 2
    adapter = tmp_path / "data/run/adapter"
    exact = merge_adapter(adapter, tmp_path / "exact", exact=True)
    plain = merge_adapter(adapter, tmp_path / "plain")
    assert exact.four_bits
    assert exact.trained.kl_divergence < 1e-9
    assert plain.trained.kl_divergence > 10 * exact.trained.kl_divergence
    assert plain.reloaded.kl_divergence < 1e-6
    assert verify_merged(adapter, tmp_path / "exact", exact=True).apart.kl_divergence < 1e-6


def test_what_was_not_trained_over_four_bits_has_no_exact_base(
    tiny_adapter: Path, tmp_path: Path
) -> None:
    from novelcraft.finetune.serving.merge import merge_adapter

    with pytest.raises(ConfigError, match="needs no --exact"):
        merge_adapter(tiny_adapter, tmp_path / "merged", exact=True)


def test_another_base_is_refused(tiny_adapter: Path, tmp_path: Path) -> None:
    from novelcraft.finetune.serving.merge import merge_adapter

    other = make_base(tmp_path / "other", "llama", steps=0, hidden_size=32)
    with pytest.raises(AdapterError, match="for another base"):
        merge_adapter(tiny_adapter, tmp_path / "merged", base=str(other))
    assert not (tmp_path / "merged").exists()


def test_a_quantised_base_is_refused(tiny_adapter: Path, tiny_base: Path, tmp_path: Path) -> None:
    from novelcraft.finetune.serving.merge import merge_adapter

    base = tmp_path / "base"
    shutil.copytree(tiny_base, base)
    file = base / "config.json"
    config = json.loads(file.read_text(encoding="utf-8"))
    config["quantization_config"] = {"quant_method": "bitsandbytes", "load_in_4bit": True}
    file.write_text(json.dumps(config), encoding="utf-8")
    with pytest.raises(ConfigError, match="rounded away"):
        merge_adapter(tiny_adapter, tmp_path / "merged", base=str(base))


def test_a_base_as_a_pickle_is_refused(tiny_base: Path, tmp_path: Path) -> None:
    base = tmp_path / "base"
    shutil.copytree(tiny_base, base)
    (base / "model.safetensors").rename(base / "pytorch_model.bin")
    with pytest.raises(BaseModelError, match="only as a pickle"):
        train(settings(rows(tmp_path / "data"), base))
    (base / "pytorch_model.bin").unlink()
    with pytest.raises(BaseModelError, match="no weights"):
        train(settings(rows(tmp_path / "data"), base))


def test_a_sparse_base_learns_in_its_experts_and_not_in_its_router(tmp_path: Path) -> None:
    from safetensors import safe_open

    from novelcraft.finetune.serving.merge import merge_adapter

    base = make_base(tmp_path / "base", "qwen3_moe", steps=30)
    config = settings(rows(tmp_path / "data"), base, lora_dropout=0.0, lora_r=4)
    assert config.lora_target_parameters
    found = losses(train(config))
    assert found[24] < found[1]
    adapter = tmp_path / "data/run/adapter"
    with safe_open(adapter / "adapter_model.safetensors", "pt") as weights:
        names = list(weights.keys())
    assert any(".experts." in name for name in names)
    assert not any(".gate." in name for name in names)
    assert merge_adapter(adapter, tmp_path / "merged").reloaded.logits < 1e-4
