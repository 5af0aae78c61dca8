"""Adapters in the form that vLLM loads change the base as the trained ones do."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from novelcraft.errors import AdapterError, BaseModelError
from tests.finetune.marks import TRAINS
from tests.finetune.runs import rows, settings, train
from tests.finetune.tiny import make_base

pytestmark = TRAINS


def test_each_expert_is_changed_as_the_fused_parameter_is(tiny_base: Path, tmp_path: Path) -> None:
    import torch
    from safetensors.torch import load_file

    from novelcraft.finetune.adapters.folder import read_adapter
    from novelcraft.finetune.attach import attach
    from novelcraft.finetune.models import ComputeDevice, load_base
    from novelcraft.finetune.serving.vllm import convert_for_vllm

    base = make_base(tmp_path / "base", "qwen3_moe", steps=0)
    given = {"lora_dropout": 0.0, "lora_r": 4, "lora_alpha": 8.0, "max_steps": 3}
    train(settings(rows(tmp_path / "data"), base, **given))
    folder = tmp_path / "data/run/adapter"
    made = convert_for_vllm(folder, tmp_path / "vllm")
    tensors = load_file(made / "adapter_model.safetensors")
    config = json.loads((made / "adapter_config.json").read_text(encoding="utf-8"))
    assert config["target_parameters"] is None
    assert {"gate_proj", "up_proj", "down_proj", "q_proj"} <= set(config["target_modules"])
    assert all(tensor.dim() == 2 and 4 in tensor.shape for tensor in tensors.values())

    plain = load_base(str(base), ComputeDevice("cpu", "fp32"))
    before = {name: p.clone() for name, p in plain.named_parameters()}
    adapter = read_adapter(folder)
    merged = attach(plain, adapter).merge_and_unload()
    for name, parameter in merged.named_parameters():
        change = parameter - before[name]
        place = f"base_model.model.{name.removesuffix('.weight')}"
        if name.endswith("experts.gate_up_proj"):
            place = place.removesuffix(".gate_up_proj")
            found = torch.stack(
                [
                    torch.cat(
                        [
                            product(tensors, f"{place}.{k}.{part}")
                            for part in ("gate_proj", "up_proj")
                        ]
                    )
                    for k in range(4)
                ]
            )
        elif name.endswith("experts.down_proj"):
            place = place.removesuffix(".down_proj")
            found = torch.stack([product(tensors, f"{place}.{k}.down_proj") for k in range(4)])
        elif f"{place}.lora_A.weight" in tensors:
            found = product(tensors, place)
        else:
            assert not change.abs().max()
            continue
        assert change.abs().max() > 1e-4
        assert torch.allclose(change, adapter.scale * found, atol=1e-6)


def product(tensors: dict[str, object], place: str) -> object:
    return tensors[f"{place}.lora_B.weight"] @ tensors[f"{place}.lora_A.weight"]  # type: ignore[operator]


def test_an_adapter_of_linear_layers_stays_as_it_is(tiny_adapter: Path, tmp_path: Path) -> None:
    from safetensors.torch import load_file

    from novelcraft.finetune.serving.vllm import convert_for_vllm

    made = convert_for_vllm(tiny_adapter, tmp_path / "vllm")
    name = "adapter_model.safetensors"
    old, new = load_file(tiny_adapter / name), load_file(made / name)
    assert old.keys() == new.keys()
    assert all(old[key].equal(new[key]) for key in old)


def test_a_base_that_has_moved_is_said(tiny_adapter: Path, tmp_path: Path) -> None:
    from novelcraft.finetune.serving.vllm import convert_for_vllm

    with pytest.raises(BaseModelError, match=r"nowhere cannot be loaded"):
        convert_for_vllm(tiny_adapter, tmp_path / "vllm", base=str(tmp_path / "nowhere"))
    assert not list(tmp_path.iterdir())


def test_experts_of_another_form_are_refused(tmp_path: Path) -> None:
    from peft import LoraConfig, get_peft_model

    from novelcraft.finetune.models import ComputeDevice, load_base
    from novelcraft.finetune.serving.vllm import convert_for_vllm
    from novelcraft.finetune.settings.presets import EXPERTS

    base = make_base(tmp_path / "base", "mixtral", steps=0, num_local_experts=4)
    config = LoraConfig(r=4, target_modules=["q_proj"], target_parameters=list(EXPERTS))
    tuned = get_peft_model(load_base(str(base), ComputeDevice("cpu", "fp32")), config)
    tuned.save_pretrained(tmp_path / "adapter")
    with pytest.raises(AdapterError, match="experts of a mixtral model"):
        convert_for_vllm(tmp_path / "adapter", tmp_path / "vllm")
    assert not (tmp_path / "vllm").exists()
