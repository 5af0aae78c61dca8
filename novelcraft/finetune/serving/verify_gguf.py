"""A converted adapter held against the one that was trained."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from novelcraft.errors import AdapterError
from novelcraft.finetune.adapters.folder import read_adapter
from novelcraft.finetune.attach import attach
from novelcraft.finetune.models import load_base
from novelcraft.finetune.serving.comparing import CPU, logits, probe_tokens
from novelcraft.finetune.serving.llamacpp import next_tokens

TOP = 40
"""How many of the likeliest tokens are compared."""
_FLOOR = 0.01
"""Nats that two engines may differ with the adapter, whatever they differ without it."""
_FACTOR = 3.0
"""How much more than without the adapter they may differ with it."""


@dataclass(frozen=True)
class GgufVerdict:
    """How far llama.cpp and transformers are apart, in nats, over the likeliest next tokens."""

    bare: float
    """The largest difference without the adapter: what the base file's own rounding does."""
    adapted: float
    """The largest difference with it."""
    effect: float
    """The largest change that the adapter makes: what a missing one would differ by."""

    @property
    def agrees(self) -> bool:
        """Whether the converted adapter is the one that was trained."""
        allowed = max(_FLOOR, _FACTOR * self.bare)
        return self.adapted <= allowed and self.effect > self.adapted


def verify_gguf(adapter: Path, converted: Path, model: Path, *, base: str = "") -> GgufVerdict:
    """Compare a converted adapter in llama.cpp with the adapter in transformers.

    Args:
        adapter: The adapter's folder.
        converted: The GGUF file that was made of it.
        model: The base as a GGUF file.
        base: The base; empty for the one that the adapter names.

    Raises:
        AdapterError: They are not the same.
        EngineError: llama.cpp cannot load one of the files.
    """
    read = read_adapter(adapter)
    named = base or read.base_model
    prompts = probe_tokens(named)
    plain = load_base(named, CPU)
    before = _last(logits(plain, prompts))
    after = _last(logits(attach(plain, read), prompts))
    verdict = GgufVerdict(
        bare=_apart(next_tokens(model, None, prompts, TOP), before),
        adapted=_apart(next_tokens(model, converted, prompts, TOP), after),
        effect=max((a - b).abs().max().item() for a, b in zip(before, after, strict=True)),
    )
    if not verdict.agrees:
        raise AdapterError(
            f"{converted} is not the adapter that was trained: with it, llama.cpp and "
            f"transformers differ by {verdict.adapted:.3g} nats, without it by {verdict.bare:.3g}.",
            fix="See that the GGUF base is made of the base that was trained on.",
        )
    return verdict


def _last(found: Sequence[torch.Tensor]) -> list[torch.Tensor]:
    return [each[-1].log_softmax(-1) for each in found]


def _apart(told: Sequence[Mapping[int, float]], ours: Sequence[Any]) -> float:
    return max(
        abs(value - float(own[token]))
        for each, own in zip(told, ours, strict=True)
        for token, value in each.items()
    )
