"""What an adapter is, and which are refused before anything is loaded."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from novelcraft.errors import AdapterError
from novelcraft.finetune.adapters.folder import read_adapter

CONFIG: dict[str, Any] = {
    "peft_type": "LORA",
    "base_model_name_or_path": "owner/base",
    "r": 16,
    "lora_alpha": 32,
    "use_rslora": True,
    "target_modules": ["q_proj"],
}


def adapter(folder: Path, *, weights: bytes | None = None, **changed: Any) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "adapter_config.json").write_text(json.dumps(CONFIG | changed), encoding="utf-8")
    entry = {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}
    header = json.dumps({"m.lora_A.weight": entry}).encode()
    whole = len(header).to_bytes(8, "little") + header + bytes(24)
    (folder / "adapter_model.safetensors").write_bytes(whole if weights is None else weights)
    return folder


def test_an_adapter_is_read_without_loading_it(tmp_path: Path) -> None:
    found = read_adapter(adapter(tmp_path))
    assert (found.base_model, found.rank, found.scale) == ("owner/base", 16, 8.0)
    assert found.shapes == {"m.lora_A.weight": (2, 3)}
    assert not found.four_bits


def test_a_pickle_is_refused(tmp_path: Path) -> None:
    adapter(tmp_path)
    (tmp_path / "adapter_model.safetensors").rename(tmp_path / "adapter_model.bin")
    with pytest.raises(AdapterError, match="as a pickle"):
        read_adapter(tmp_path)


@pytest.mark.parametrize("weights", [b"", b"junk", b"\xff" * 40, bytes(8) + b"{}"])
def test_damaged_weights_are_named(tmp_path: Path, weights: bytes) -> None:
    with pytest.raises(AdapterError, match=r"adapter_model\.safetensors is damaged"):
        read_adapter(adapter(tmp_path, weights=weights))


def test_weights_that_end_too_soon_are_named(tmp_path: Path) -> None:
    whole = (adapter(tmp_path) / "adapter_model.safetensors").read_bytes()
    with pytest.raises(AdapterError, match="is damaged: it has"):
        read_adapter(adapter(tmp_path, weights=whole[:-1]))


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"peft_type": "IA3"}, "of the kind IA3"),
        ({"rank_pattern": {"q_proj": 4}}, "several ranks"),
        ({"r": None}, "lacks what an adapter needs"),
    ],
)
def test_other_adapters_are_refused(tmp_path: Path, changed: dict[str, Any], said: str) -> None:
    with pytest.raises(AdapterError, match=said):
        read_adapter(adapter(tmp_path, **changed))


def test_a_folder_without_an_adapter_is_named(tmp_path: Path) -> None:
    with pytest.raises(AdapterError, match=r"no adapter_config\.json"):
        read_adapter(tmp_path)
