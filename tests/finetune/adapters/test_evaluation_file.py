"""An evaluation stands for the weights that it was made of."""

from __future__ import annotations

from pathlib import Path

import pytest

from novelcraft.errors import AdapterError
from novelcraft.finetune.adapters.evaluation_file import read_evaluation
from novelcraft.finetune.adapters.fingerprint import weights_hash
from tests.finetune.cards import evaluation, keep, trained


def test_an_evaluation_is_read_back(tmp_path: Path) -> None:
    adapter = trained(tmp_path)
    assert read_evaluation(adapter) is None
    keep(adapter, evaluation(adapter))
    assert read_evaluation(adapter) == evaluation(adapter)


def test_other_weights_have_no_evaluation(tmp_path: Path) -> None:
    adapter = trained(tmp_path)
    keep(adapter, evaluation(adapter))
    weights = adapter / "adapter_model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"\x01")
    assert read_evaluation(adapter) is None


@pytest.mark.parametrize("text", ["", "{", "[]", '{"version": 1}'])
def test_a_damaged_evaluation_is_named(tmp_path: Path, text: str) -> None:
    adapter = trained(tmp_path)
    (adapter / "evaluation.json").write_text(text, encoding="utf-8")
    with pytest.raises(AdapterError, match=r"evaluation\.json is no evaluation"):
        read_evaluation(adapter)


def test_missing_weights_are_named(tmp_path: Path) -> None:
    with pytest.raises(AdapterError, match="cannot be read"):
        weights_hash(tmp_path)
