"""Experts in four bits do what the dequantised ones do, and their adapters are PEFT's."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from novelcraft.errors import ConfigError
from tests.finetune.marks import TRAINS
from tests.finetune.runs import losses, rows, settings, train
from tests.finetune.tiny import make_base

pytestmark = TRAINS

GIVEN: dict[str, Any] = {
    "load_in_4bit": True,
    "lora_dropout": 0.0,
    "lora_r": 4,
    "lora_alpha": 8.0,
    "use_rslora": True,
    # Higher, and what rounding makes of it on some processors grows beyond what is compared.
    "learning_rate": 2e-3,
    "neftune_noise_alpha": 0.0,
    "max_steps": 10,
    "eval_steps": 5,
    "save_steps": 5,
}
WORDS = ((5, 6, 7, 8, 9, 40, 41), (30, 31, 32))


def loaded(base: Path, *, four_bits: bool = True) -> Any:
    """A base as a run has it."""
    from novelcraft.finetune.models import ComputeDevice, load_base

    return load_base(str(base), ComputeDevice("cpu", "fp32"), four_bits=four_bits)


def said(model: Any) -> list[Any]:
    import torch

    with torch.no_grad():
        return [model(input_ids=torch.tensor([text])).logits for text in WORDS]


def apart(first: Any, second: Any) -> float:
    pairs = zip(said(first), said(second), strict=True)
    return max(float((a - b).abs().max()) for a, b in pairs)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small pretrained Qwen3-MoE, whose experts are smaller than a block of weights."""
    return make_base(tmp_path_factory.mktemp("sparse"), "qwen3_moe", steps=40)


@pytest.fixture(scope="module")
def dequantised(base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same in fp32, rounded to what four bits hold."""
    import shutil

    folder = tmp_path_factory.mktemp("dequantised") / "base"
    shutil.copytree(base, folder)
    loaded(base).dequantize().float().save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def run(base: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[int, float]]:
    """A run over four bits: its folder, and its losses."""
    folder = rows(tmp_path_factory.mktemp("run"))
    return folder / "run", losses(train(settings(folder, base, **GIVEN)))


@pytest.mark.parametrize("shape", [(4, 64, 32), (3, 96, 128)])
def test_packed_matrices_are_what_bitsandbytes_makes_of_them(shape: tuple[int, int, int]) -> None:
    import torch
    from bitsandbytes.functional import dequantize_4bit, quantize_4bit

    from novelcraft.finetune.sparse.packed import Unpacked, pack

    torch.manual_seed(0)
    weights = torch.randn(shape)
    packed = pack(weights)
    state = packed.quant_state
    # Four bits a weight, eight for 64 of them, 32 for 256 of those; and one offset.
    assert packed.numel() == weights.numel() // 2
    assert state.absmax.numel() == weights.numel() // 64
    assert state.absmax.dtype == torch.uint8
    assert state.state2.absmax.numel() == -(-weights.numel() // (64 * 256))
    unpacked = Unpacked(packed)
    theirs = dequantize_4bit(
        *quantize_4bit(weights.view(-1, 64), quant_type="nf4", compress_statistics=True)
    )
    assert unpacked.all().equal(theirs.view(shape))
    assert torch.stack([unpacked.one(k) for k in range(shape[0])]).equal(unpacked.all())
    assert 0 < (unpacked.all() - weights).abs().max() < 1


@pytest.mark.parametrize("together", [False, True])
def test_experts_and_gradients_are_the_dequantised_ones(base: Path, together: bool) -> None:
    import torch

    packed = loaded(base)
    whole = loaded(base).dequantize().float()
    for layer in packed.model.layers:
        layer.mlp.experts.together = together
    assert apart(packed, whole) < 1e-6
    inputs = torch.randn((1, 12, 64))
    found = []
    for model in (packed, whole):
        given = inputs.clone().requires_grad_()
        answer = model.model.layers[0].mlp(given)
        answer.square().sum().backward()
        found.append((answer, given.grad))
    assert torch.allclose(found[0][0], found[1][0], atol=1e-6)
    assert torch.allclose(found[0][1], found[1][1], atol=1e-6)
    assert found[0][1].abs().max() > 1e-6


@pytest.mark.parametrize("together", [False, True])
def test_adapters_and_their_gradients_are_pefts(
    base: Path, dequantised: Path, tmp_path: Path, together: bool
) -> None:
    import torch

    from novelcraft.finetune.models import add_adapter, trainable

    config = settings(tmp_path, base, **GIVEN | {"lora_r": 8})
    found = []
    for model in (loaded(base), loaded(dequantised, four_bits=False)):
        torch.manual_seed(0)
        adapted = add_adapter(model, config)
        for parameter in trainable(adapted):
            parameter.data = torch.randn_like(parameter) / 30
        for module in adapted.modules():
            if hasattr(module, "together"):
                module.together = together
        tokens = torch.tensor([WORDS[0]])
        loss = adapted(input_ids=tokens, labels=tokens).loss
        loss.backward()
        found.append({name: p.grad for name, p in adapted.named_parameters() if p.requires_grad})
    ours, theirs = found
    assert ours.keys() == theirs.keys()
    assert not any(".gate." in name for name in ours)
    assert sum(".experts." in name for name in ours) == 8
    for name, gradient in theirs.items():
        assert gradient.abs().max() > 0
        assert torch.allclose(ours[name], gradient, atol=1e-6), name


def test_no_expert_is_left_at_full_width(base: Path) -> None:
    from novelcraft.finetune.models import check_footprint
    from novelcraft.finetune.sparse.experts import Nf4Experts

    model = loaded(base)
    experts = [module for module in model.modules() if isinstance(module, Nf4Experts)]
    assert len(experts) == 2
    # Four experts of 3 x 32 x 64 weights, two to a byte.
    for module in experts:
        assert sum(p.numel() * p.element_size() for p in module.parameters()) == 12_288
        assert not any(p.requires_grad for p in module.parameters())
    check_footprint(model)
    with pytest.raises(ConfigError, match="passed over some of its weights"):
        check_footprint(loaded(base, four_bits=False))


def test_a_checkpoint_may_have_its_experts_fused(base: Path, tmp_path: Path) -> None:
    import shutil

    from safetensors.torch import load_file, save_file

    shutil.copytree(base, tmp_path / "fused")
    file = tmp_path / "fused" / "model.safetensors"
    one_by_one = load_file(file)
    assert any(".experts.0.gate_proj." in name for name in one_by_one)
    save_file(loaded(base, four_bits=False).state_dict(), file, metadata={"format": "pt"})
    assert any(name.endswith(".experts.gate_up_proj") for name in load_file(file))
    assert apart(loaded(base), loaded(tmp_path / "fused")) == 0


def test_experts_of_other_forms_are_refused_and_of_the_same_are_packed(tmp_path: Path) -> None:
    from novelcraft.finetune.models import ComputeDevice, load_base
    from novelcraft.finetune.sparse.experts import Nf4Experts

    sizes = {"num_local_experts": 4, "num_experts_per_tok": 2}
    mixtral = make_base(tmp_path / "mixtral", "mixtral", steps=0, **sizes)
    model = loaded(mixtral)
    assert sum(isinstance(module, Nf4Experts) for module in model.modules()) == 2
    assert apart(model, loaded(mixtral).dequantize().float()) < 1e-6
    other = make_base(tmp_path / "other", "gpt_oss", steps=0, **sizes)
    with pytest.raises(ConfigError, match=r"gpt_oss model cannot be .*: their matrices are"):
        load_base(str(other), ComputeDevice("cpu", "fp32"), four_bits=True, attention="eager")


def test_training_over_four_bits_is_training_over_what_they_hold(
    run: tuple[Path, dict[int, float]], dequantised: Path, tmp_path: Path
) -> None:
    config = settings(rows(tmp_path), dequantised, **GIVEN | {"load_in_4bit": False})
    whole = losses(train(config))
    _, packed = run
    assert packed == pytest.approx(whole, rel=1e-3)
    assert packed[10] < packed[1] - 0.1
    ours, theirs = (folder / "adapter" for folder in (run[0], tmp_path / "run"))
    from novelcraft.finetune.adapters.folder import read_adapter

    assert read_adapter(ours).shapes == read_adapter(theirs).shapes
    configs = [
        json.loads((each / "adapter_config.json").read_text(encoding="utf-8"))
        for each in (ours, theirs)
    ]
    for config_file in configs:
        config_file["target_modules"].sort()
        config_file["target_parameters"].sort()
        del config_file["base_model_name_or_path"]
    assert configs[0] == configs[1]
    assert not any(".gate." in name for name in read_adapter(ours).shapes)


def test_peft_reads_the_adapter_on_a_base_at_full_width(
    run: tuple[Path, dict[int, float]], base: Path, dequantised: Path
) -> None:
    from peft import PeftModel

    from novelcraft.finetune.adapters.folder import read_adapter
    from novelcraft.finetune.attach import attach

    folder = run[0] / "adapter"
    theirs = PeftModel.from_pretrained(loaded(dequantised, four_bits=False), str(folder))
    ours = attach(loaded(base), read_adapter(folder))
    assert apart(ours, theirs) < 1e-5
    with ours.disable_adapter():
        assert apart(ours, loaded(base)) < 1e-6
        assert apart(ours, theirs) > 0.01
    with pytest.raises(ConfigError, match="cannot be merged into experts in four bits"):
        ours.merge_and_unload()


def test_an_exact_merge_is_what_was_trained(
    run: tuple[Path, dict[int, float]], base: Path, tmp_path: Path
) -> None:
    from novelcraft.finetune.adapters.folder import read_adapter
    from novelcraft.finetune.attach import attach
    from novelcraft.finetune.serving.merge import merge_adapter
    from novelcraft.finetune.serving.vllm import convert_for_vllm

    folder = run[0] / "adapter"
    exact = merge_adapter(folder, tmp_path / "exact", exact=True)
    plain = merge_adapter(folder, tmp_path / "plain")
    assert exact.four_bits
    assert exact.trained.logits < 1e-5
    assert exact.reloaded.logits < 1e-5
    trained = attach(loaded(base), read_adapter(folder))
    assert apart(trained, loaded(exact.folder, four_bits=False)) < 1e-5
    assert apart(trained, loaded(plain.folder, four_bits=False)) > 1e-3
    made = read_adapter(convert_for_vllm(folder, tmp_path / "vllm"))
    assert any(".experts.3.up_proj.lora_B" in name for name in made.shapes)


def test_a_resumed_run_goes_on_with_the_same_losses(
    run: tuple[Path, dict[int, float]], base: Path, tmp_path: Path
) -> None:
    import shutil

    folder = rows(tmp_path)
    shutil.copytree(run[0], folder / "run")
    shutil.rmtree(folder / "run/checkpoints/step-000010")
    config = settings(folder, base, **GIVEN)
    file = folder / "run/run.json"
    text = file.read_text(encoding="utf-8").replace(str(run[0].parent), str(folder))
    file.write_text(text, encoding="utf-8")
    again = losses(train(config, resume=True))
    assert sorted(again) == [6, 7, 8, 9, 10]
    assert again == {step: run[1][step] for step in again}


def test_a_layer_computed_again_learns_the_same(
    run: tuple[Path, dict[int, float]], base: Path, tmp_path: Path
) -> None:
    given = GIVEN | {"max_steps": 3, "gradient_checkpointing": True, "lr_scheduler": "constant"}
    kept = losses(
        train(settings(rows(tmp_path / "a"), base, **given | {"gradient_checkpointing": False}))
    )
    again = losses(train(settings(rows(tmp_path / "b"), base, **given)))
    assert again == pytest.approx(kept, rel=1e-5)


MEASURED = """
import sys, threading
from pathlib import Path
from novelcraft.finetune.models import ComputeDevice, load_base

def held():
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("RssAnon")).split()[1]) / 1024

def grown(folder, four_bits):
    seen, done = [held()], threading.Event()
    def watch():
        while not done.wait(0.001):
            seen.append(held())
    thread = threading.Thread(target=watch)
    thread.start()
    load_base(folder, ComputeDevice("cpu", "fp32"), four_bits=four_bits)
    done.set()
    thread.join()
    return max(seen) - seen[0]

large, small = sys.argv[1:]
grown(small, True)
print(grown(large, True), grown(large, False))
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads /proc")
def test_loading_never_holds_more_than_a_layer_at_full_width(base: Path, tmp_path: Path) -> None:
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    sizes = {"vocab_size": 64, "hidden_size": 256, "num_hidden_layers": 16, "num_experts": 8}
    sizes |= {"moe_intermediate_size": 256, "num_attention_heads": 4, "num_key_value_heads": 2}
    config = AutoConfig.for_model("qwen3_moe", head_dim=16, intermediate_size=256, **sizes)
    torch.manual_seed(0)
    AutoModelForCausalLM.from_config(config).save_pretrained(tmp_path)
    script = tmp_path / "measure.py"
    script.write_text(MEASURED, encoding="utf-8")
    told = subprocess.run(
        [sys.executable, str(script), str(tmp_path), str(base)],
        capture_output=True,
        text=True,
        check=True,
        # What is freed goes back at once, as tensors of a large model always do.
        env={**os.environ, "MALLOC_MMAP_THRESHOLD_": "65536"},
    ).stdout
    packed, whole = (float(mebibytes) for mebibytes in told.split())
    # 16 layers of 6 MiB, which are 13 MiB in four bits, and what packing one of them takes.
    assert whole > 90
    assert packed < 45
