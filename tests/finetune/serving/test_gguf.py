"""Converted adapters, held against transformers in llama.cpp itself."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from novelcraft.errors import AdapterError, BaseModelError, EngineError
from tests.finetune.marks import TRAINS
from tests.finetune.runs import rows, settings, train
from tests.finetune.tiny import make_base

pytestmark = TRAINS


def test_llama_cpp_writes_with_it_as_transformers_does(
    tiny_base: Path, tiny_adapter: Path, tmp_path: Path
) -> None:
    from novelcraft.finetune.serving.gguf import convert_adapter
    from novelcraft.finetune.serving.verify_gguf import verify_gguf
    from tests.finetune.tinygguf import write_gguf

    model = write_gguf(tiny_base, tmp_path / "base.gguf")
    report = convert_adapter(tiny_adapter, tmp_path / "adapter.gguf", stored_as="f32")
    assert (report.architecture, report.layers) == ("llama", 14)
    # The run used rsLoRA: 32 over the root of 16, written as a strength over 16.
    assert report.alpha == pytest.approx(128.0)
    verdict = verify_gguf(tiny_adapter, report.path, model)
    assert verdict.bare < 1e-3
    assert verdict.adapted < 1e-3
    assert verdict.effect > 0.5
    half = convert_adapter(tiny_adapter, tmp_path / "half.gguf")
    assert half.path.stat().st_size < 0.6 * report.path.stat().st_size
    assert verify_gguf(tiny_adapter, half.path, model).agrees


def test_a_wrong_strength_is_found(tiny_base: Path, tiny_adapter: Path, tmp_path: Path) -> None:
    from novelcraft.finetune.serving.gguf import convert_adapter
    from novelcraft.finetune.serving.verify_gguf import verify_gguf
    from tests.finetune.tinygguf import write_gguf

    changed = tmp_path / "adapter"
    shutil.copytree(tiny_adapter, changed)
    file = changed / "adapter_config.json"
    config = json.loads(file.read_text(encoding="utf-8"))
    file.write_text(json.dumps(config | {"use_rslora": False}), encoding="utf-8")
    report = convert_adapter(changed, tmp_path / "adapter.gguf")
    model = write_gguf(tiny_base, tmp_path / "base.gguf")
    with pytest.raises(AdapterError, match="is not the adapter that was trained"):
        verify_gguf(tiny_adapter, report.path, model)


@pytest.mark.parametrize("architecture", ["qwen3", "qwen3_moe"])
def test_other_architectures(architecture: str, tmp_path: Path) -> None:
    from novelcraft.finetune.serving.gguf import convert_adapter
    from novelcraft.finetune.serving.verify_gguf import verify_gguf
    from tests.finetune.tinygguf import write_gguf

    base = make_base(tmp_path / "base", architecture, steps=20)
    given = {"lora_dropout": 0.0, "lora_r": 4, "max_steps": 8}
    train(settings(rows(tmp_path / "data"), base, **given))
    adapter = tmp_path / "data/run/adapter"
    report = convert_adapter(adapter, tmp_path / "adapter.gguf", stored_as="f32")
    verdict = verify_gguf(adapter, report.path, write_gguf(base, tmp_path / "base.gguf"))
    assert verdict.adapted < 1e-3
    assert verdict.effect > 0.1


def test_what_llama_cpp_cannot_load_is_said(tiny_adapter: Path, tmp_path: Path) -> None:
    from novelcraft.finetune.serving.llamacpp import next_tokens

    (tmp_path / "base.gguf").write_bytes(b"GGUF")
    with pytest.raises(EngineError, match=r"cannot load .*base\.gguf"):
        next_tokens(tmp_path / "base.gguf", None, [[1, 2]], 5)


def test_an_engine_that_does_not_answer_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from novelcraft.finetune.serving import llamacpp

    monkeypatch.setattr(llamacpp, "_PATIENCE", 0)
    with pytest.raises(EngineError, match=r"has not answered for .*base\.gguf"):
        llamacpp.next_tokens(tmp_path / "base.gguf", None, [[1, 2]], 5)


def test_what_no_server_takes_is_refused(tiny_adapter: Path, tmp_path: Path) -> None:
    from novelcraft.finetune.serving.gguf import convert_adapter

    changed = tmp_path / "adapter"
    shutil.copytree(tiny_adapter, changed)
    file = changed / "adapter_config.json"
    config = json.loads(file.read_text(encoding="utf-8"))
    file.write_text(json.dumps(config | {"use_dora": True}), encoding="utf-8")
    with pytest.raises(AdapterError, match="uses DoRA, which no server takes"):
        convert_adapter(changed, tmp_path / "adapter.gguf")
    assert not (tmp_path / "adapter.gguf").exists()
    with pytest.raises(BaseModelError, match="cannot be loaded"):
        convert_adapter(tiny_adapter, tmp_path / "adapter.gguf", base=str(tmp_path))
