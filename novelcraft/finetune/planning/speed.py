"""How fast a training run goes: a table of devices, and a model of what a step takes on them.

A step multiplies; how long that takes follows from the model's size, the tokens and the device.
Eleven published speeds on three cards are met within 30 %; others need not be. An estimate says
hours or days, not minutes.
"""

from __future__ import annotations

import re
from typing import Literal

from pydantic import Field

from novelcraft.finetune.planning.memory_settings import WEIGHT_BYTES, MemorySettings
from novelcraft.finetune.shapes.shapes import ModelShape
from novelcraft.state.base import Frozen

_GIB = 1.073741824

UTILISATION = 0.55
"""Of a device's rate on large products that training reaches in transformers: norms, rotations,
adapters and the loss move memory in between. Published runs on an A100 lie from 0.43 to 0.67."""

MIXTURE = 0.4
"""Of a dense model's rate that a mixture of experts reaches: many small products. By published
speeds of dense and sparse models on one device and with one program."""


class Device(Frozen):
    """What a training run needs to know of an accelerator, or of a processor."""

    name: str
    kind: Literal["gpu", "cpu"] = "gpu"
    memory: float = Field(gt=0)
    """Decimal gigabytes: a card of "24 GB" has 24 GiB, which are 25.8."""
    teraflops: float = Field(gt=0)
    """That it reaches on large products, in 16 bits on a GPU, in 32 on a processor."""
    bandwidth: float = Field(gt=0)
    """Of its memory, in gigabytes a second."""


def _card(name: str, gib: int, teraflops: float, bandwidth: float) -> Device:
    return Device(name=name, memory=gib * _GIB, teraflops=teraflops, bandwidth=bandwidth)


# Rates are what large bf16 products with sums in 32 bits are seen to reach, rounded: about four
# fifths of the data sheet's rate, less where power is the limit, more where clocks run above it.
DEVICES = (
    _card("T4", 16, 25, 320),
    _card("V100", 32, 90, 900),
    _card("A10", 24, 60, 600),
    _card("L4", 24, 55, 300),
    _card("L40S", 48, 220, 864),
    _card("A100-40GB", 40, 250, 1555),
    _card("A100-80GB", 80, 250, 2039),
    _card("H100", 80, 600, 3350),
    _card("H200", 141, 650, 4800),
    _card("B200", 180, 1500, 8000),
    _card("RTX A6000", 48, 110, 768),
    _card("RTX 6000 Ada", 48, 220, 960),
    _card("RTX 3060", 12, 24, 360),
    _card("RTX 3090", 24, 65, 936),
    _card("RTX 4060 Ti", 16, 42, 288),
    _card("RTX 4080", 16, 95, 717),
    _card("RTX 4090", 24, 160, 1008),
    _card("RTX 5080", 16, 110, 960),
    _card("RTX 5090", 32, 200, 1792),
)


def find_device(name: str) -> Device | None:
    """The device of that name, as a driver gives it or as people write it; None if not known.

    Of two that both fit (`A100`), the smaller.
    """
    words = _words(name)
    if not words:
        return None
    # The longest names first: an "RTX 6000 Ada" is no "A6000".
    for device in sorted(DEVICES, key=lambda each: -len(_words(each.name))):
        if _words(device.name) <= words:
            return device
    return next((device for device in DEVICES if words <= _words(device.name)), None)


def _words(name: str) -> frozenset[str]:
    return frozenset(re.findall(r"[a-z0-9]+", name.lower()))


def processor(cores: int, memory: float) -> Device:
    """A CPU with so many cores and gigabytes.

    Each core is taken at 0.09 TFLOPS in 32 bits, as one with 256-bit vectors reaches.
    """
    return Device(
        name=f"CPU with {cores} cores",
        kind="cpu",
        memory=memory,
        teraflops=0.09 * cores,
        bandwidth=20,
    )


def step_flops(shape: ModelShape, settings: MemorySettings, length: int) -> float:
    """Floating-point operations that a token takes in training.

    Two for each parameter forwards and two backwards, since a frozen base needs no gradients of
    its own; two more where layers are computed again. Scores of attention grow with the length:
    half of it on average, because a token sees only what comes before it, forwards once,
    backwards two and a half times.
    """
    again = 1 if settings.checkpointing else 0
    products = 2 * shape.active_parameters * (2 + again)
    attention = 2 * shape.query * shape.layers * length * (3.5 + again)
    return products + attention


def tokens_per_second(
    shape: ModelShape,
    settings: MemorySettings,
    device: Device,
    *,
    micro_tokens: int,
    length: int,
) -> float:
    """How many tokens one device trains on in a second, padding included.

    Args:
        shape: The base.
        settings: Its formats, and whether layers are computed again.
        device: Where it runs.
        micro_tokens: In a micro-batch: below some hundreds, weights are read more slowly than
            they are used.
        length: Of a row, for attention; not of a pack.
    """
    share = UTILISATION * (MIXTURE if shape.experts else 1)
    rate = device.teraflops * 1e12 * share
    multiply = micro_tokens * step_flops(shape, settings, length) / rate
    passes = 3 if settings.checkpointing else 2
    read, unpack = _moved(shape, settings)
    bandwidth = device.bandwidth * 1e9
    return micro_tokens / (max(multiply, passes * read / bandwidth) + passes * unpack / bandwidth)


def _moved(shape: ModelShape, settings: MemorySettings) -> tuple[float, float]:
    """Bytes moved in each pass to multiply with the weights, and to unpack them before that."""
    width = 4 if settings.weights == "fp32" else 2
    packed = [
        (shape.linear_parameters, settings.weights),
        (shape.expert_parameters, settings.expert_format),
    ]
    unpack = sum(
        count * (WEIGHT_BYTES[form] + width) for count, form in packed if WEIGHT_BYTES[form] < width
    )
    read = (shape.parameters - (0 if shape.tied else shape.vocabulary * shape.hidden)) * width
    return float(read), unpack
