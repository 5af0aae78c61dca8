from __future__ import annotations

import pytest

from novelcraft.finetune.planning.memory_settings import MemorySettings, WeightFormat
from novelcraft.finetune.planning.speed import (
    DEVICES,
    Device,
    find_device,
    processor,
    step_flops,
    tokens_per_second,
)
from novelcraft.finetune.shapes.bases import find_shape

TOLERANCE = 0.30
"""Software differs by that much on the same card: see the module."""

LLAMA = find_shape("Llama-3.1-8B")


def card(name: str) -> Device:
    device = find_device(name)
    assert device is not None
    return device


@pytest.mark.parametrize(
    ("model", "device", "weights", "micro", "length", "published"),
    [
        # torchtune's README, packed, with torch.compile: by the same table 1.27 times as fast.
        ("Llama-3.1-8B", "RTX 4090", "bf16", 4096, 2048, 3083 / 1.27),
        ("Llama-3.1-8B", "RTX 4090", "nf4", 4096, 2048, 2413 / 1.27),
        # Qwen's README: seconds for eight rows.
        ("Qwen-7B", "A100-80GB", "bf16", 2048, 2048, 8 * 2048 / 5.2),
        ("Qwen-7B", "A100-80GB", "bf16", 4096, 4096, 8 * 4096 / 10.1),
        ("Qwen-7B", "A100-80GB", "nf4", 4096, 4096, 8 * 4096 / 11.6),
        ("Qwen-14B", "A100-80GB", "bf16", 4096, 4096, 8 * 4096 / 17.0),
        ("Qwen-14B", "A100-80GB", "nf4", 4096, 4096, 8 * 4096 / 20.1),
        ("Qwen-1.8B", "A100-80GB", "bf16", 4096, 4096, 8 * 4096 / 3.3),
        ("Qwen-72B", "A100-80GB", "nf4", 4096, 4096, 8 * 4096 / 97.7),
        # LLaMA-Factory's wiki.
        ("Llama-2-7B", "A100-40GB", "bf16", 4096, 1024, 2954),
        ("Llama-2-7B", "A100-40GB", "nf4", 4096, 4096, 2926),
    ],
)
def test_published_speeds_are_met(
    model: str,
    device: str,
    weights: WeightFormat,
    micro: int,
    length: int,
    published: float,
) -> None:
    speed = tokens_per_second(
        find_shape(model),
        MemorySettings(weights=weights),
        card(device),
        micro_tokens=micro,
        length=length,
    )
    assert speed == pytest.approx(published, rel=TOLERANCE)


@pytest.mark.parametrize(("length", "seconds"), [(512, 5.7), (1024, 10.2), (2048, 21.0)])
def test_speed_on_two_cores_is_as_measured(length: int, seconds: float) -> None:
    speed = tokens_per_second(
        find_shape("SmolLM2-135M"),
        MemorySettings(weights="fp32"),
        processor(2, 8.0),
        micro_tokens=length,
        length=length,
    )
    assert speed == pytest.approx(length / seconds, rel=TOLERANCE)


def test_few_tokens_wait_for_the_weights() -> None:
    few, many = (
        tokens_per_second(
            LLAMA, MemorySettings(weights="bf16"), card("H100"), micro_tokens=n, length=64
        )
        for n in (16, 8192)
    )
    assert many > 2 * few


def test_computing_layers_again_takes_half_as_much_more() -> None:
    once = step_flops(LLAMA, MemorySettings(checkpointing=False), 1)
    twice = step_flops(LLAMA, MemorySettings(), 1)
    assert once == pytest.approx(4 * LLAMA.active_parameters, rel=0.01)
    assert twice / once == pytest.approx(1.5, rel=0.01)
    assert step_flops(LLAMA, MemorySettings(), 32768) > 1.5 * twice


def test_a_mixture_is_faster_than_a_dense_model_of_its_size() -> None:
    settings = MemorySettings(weights="bf16")
    mixture, dense = (
        tokens_per_second(find_shape(name), settings, card("H200"), micro_tokens=4096, length=4096)
        for name in ("Qwen3-30B-A3B", "Qwen3-32B")
    )
    assert mixture > dense


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("NVIDIA GeForce RTX 4090", "RTX 4090"),
        ("rtx 4090", "RTX 4090"),
        ("4090", "RTX 4090"),
        ("NVIDIA A100-SXM4-80GB", "A100-80GB"),
        ("A100", "A100-40GB"),
        ("NVIDIA H100 80GB HBM3", "H100"),
        ("NVIDIA H200", "H200"),
        ("NVIDIA RTX A6000", "RTX A6000"),
        ("NVIDIA RTX 6000 Ada Generation", "RTX 6000 Ada"),
        ("Tesla T4", "T4"),
        ("NVIDIA L40S", "L40S"),
        ("NVIDIA GeForce RTX 4060 Ti", "RTX 4060 Ti"),
        ("Voodoo 2", None),
        ("", None),
    ],
)
def test_devices_are_found_by_the_names_of_drivers_and_people(name: str, found: str | None) -> None:
    device = find_device(name)
    assert (device and device.name) == found


def test_every_device_is_found_by_its_own_name() -> None:
    assert all(find_device(device.name) == device for device in DEVICES)
