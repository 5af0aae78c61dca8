"""What vLLM loads and serves is held against the adapter that was trained."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from novelcraft.errors import (
    AdapterError,
    AuthenticationError,
    ModelNotServedError,
    ServerFaultError,
    ServerUnreachableError,
)
from novelcraft.finetune.serving.served import ServedModel
from tests.fakes.server import FakeServer
from tests.finetune.marks import TRAINS
from tests.finetune.runs import rows, settings, train
from tests.finetune.tiny import make_base
from tests.finetune.vllm_server import KEY, vllm_server

pytestmark = TRAINS


@pytest.fixture
def both(tiny_base: Path, tiny_adapter: Path) -> tuple[Any, Any]:
    """The base, and the base with the adapter."""
    from novelcraft.finetune.adapters.folder import read_adapter
    from novelcraft.finetune.attach import attach
    from novelcraft.finetune.models import ComputeDevice, load_base

    cpu = ComputeDevice("cpu", "fp32")
    tuned = attach(load_base(str(tiny_base), cpu), read_adapter(tiny_adapter))
    return load_base(str(tiny_base), cpu), tuned


@pytest.fixture
def url(both: tuple[Any, Any]) -> Iterator[str]:
    base, tuned = both
    with vllm_server(base, {"voice": tuned, "nothing": base}) as served:
        yield served


def test_the_served_adapter_is_the_trained_one(url: str, tiny_adapter: Path) -> None:
    from novelcraft.finetune.serving.verify_vllm import verify_served

    verdict = verify_served(tiny_adapter, ServedModel(url, "voice", KEY))
    assert verdict.agrees
    assert verdict.adapted < 1e-4
    assert verdict.effect > 0.1
    # Prompts and next tokens are compared.
    assert verdict.tokens > 3 * 20


def test_a_base_that_is_served_as_the_adapter_is_found_out(url: str, tiny_adapter: Path) -> None:
    from novelcraft.finetune.serving.verify_vllm import verify_served

    with pytest.raises(AdapterError, match="serves as nothing is not the adapter"):
        verify_served(tiny_adapter, ServedModel(url, "nothing", KEY))


def test_rounding_of_the_server_is_let_through(both: tuple[Any, Any], tiny_adapter: Path) -> None:
    from novelcraft.finetune.serving.verify_vllm import verify_served

    base, tuned = both
    with vllm_server(base, {"voice": tuned}, shift=0.05) as url:
        verdict = verify_served(tiny_adapter, ServedModel(url, "voice", KEY))
    assert verdict.bare == pytest.approx(0.05, abs=1e-3)
    assert verdict.agrees


def test_faults_of_the_server(url: str, fake_server: FakeServer) -> None:
    with pytest.raises(ModelNotServedError, match="no adapter 'poe'; it serves: voice, nothing"):
        ServedModel(url, "poe", KEY).base()
    with pytest.raises(ModelNotServedError, match="does not serve 'poe'"):
        ServedModel(url, "poe", KEY).ask([[1, 2]])
    with pytest.raises(AuthenticationError, match="refuses the key"):
        ServedModel(url, "voice").ask([[1, 2]])
    with pytest.raises(ServerUnreachableError, match="Nothing answers"):
        ServedModel("http://127.0.0.1:9/v1", "voice").base()
    with pytest.raises(ServerFaultError):
        ServedModel(f"{fake_server.base_url}/x", "voice").base()


@pytest.mark.parametrize("architecture", ["llama", "qwen3_moe"])
def test_converted_files_change_the_base_as_the_adapter_does(
    architecture: str, tmp_path: Path
) -> None:
    import torch
    from safetensors.torch import load_file, save_file

    from novelcraft.finetune.serving.verify_vllm import verify_files
    from novelcraft.finetune.serving.vllm import convert_for_vllm

    base = make_base(tmp_path / "base", architecture, steps=10)
    given = {"lora_dropout": 0.0, "lora_r": 4, "max_steps": 8}
    train(settings(rows(tmp_path / "data"), base, **given))
    adapter = tmp_path / "data/run/adapter"
    made = convert_for_vllm(adapter, tmp_path / "served")
    verdict = verify_files(adapter, made)
    assert verdict.apart.logits < 1e-4
    assert verdict.effect.logits > 0.01
    file = made / "adapter_model.safetensors"
    tensors = load_file(file)
    name = next(name for name in tensors if "down_proj.lora_B" in name)
    save_file({**tensors, name: torch.zeros_like(tensors[name]) + 0.5}, file)
    with pytest.raises(AdapterError, match="is not the adapter that was trained"):
        verify_files(adapter, made)
