"""Two models compared by what they say comes next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch

from novelcraft.finetune.models import ComputeDevice, load_tokenizer

CPU = ComputeDevice("cpu", "fp32")
"""Where models are compared: on the processor, in fp32."""

PROBES = (
    "The keeper climbed the stairs and lit the lamp before the storm came in from the sea.",
    "“You were late,” she said, and set the letter down upon the table between them. He did not "
    "answer. Outside, someone was calling a name that neither of them knew.",
    "By the third winter nobody remembered who had built the wall, or against what.",
)
"""What models are compared on: prose of our own, of no book."""


@dataclass(frozen=True)
class Difference:
    """How far two models are apart."""

    logits: float
    """The largest difference of any logit."""
    kl_divergence: float
    """Mean Kullback-Leibler divergence of the second from the first, in nats a token."""


@dataclass(frozen=True)
class Comparison:
    """What was made of an adapter, held against base and adapter."""

    apart: Difference
    """How far it is from them."""
    effect: Difference
    """How far the bare base is from them: what a missing adapter would differ by."""

    def agrees(self, rounding: float) -> bool:
        """Whether the adapter is in it.

        Args:
            rounding: Nats a token that it may be apart. An adapter that changes no more than
                twice what it is apart could as well be missing.
        """
        apart = self.apart.kl_divergence
        return apart <= rounding and 2 * apart < self.effect.kl_divergence


def probe_tokens(base: str) -> list[list[int]]:
    """The texts that models are compared on, in the base's tokens.

    Raises:
        BaseModelError: Its tokenizer cannot be read.
    """
    tokenizer = load_tokenizer(base)
    return [list(tokenizer(text)["input_ids"]) for text in PROBES]


def logits(model: Any, tokens: Sequence[Sequence[int]]) -> list[torch.Tensor]:
    """The logits of a model for each text, in fp32 on the processor."""
    model.eval()
    with torch.no_grad():
        return [
            model(input_ids=torch.tensor([list(text)], device=model.device), use_cache=False)
            .logits[0]
            .float()
            .cpu()
            for text in tokens
        ]


def difference(first: Sequence[torch.Tensor], second: Sequence[torch.Tensor]) -> Difference:
    """How far the second's logits are from the first's."""
    largest = max((a - b).abs().max().item() for a, b in zip(first, second, strict=True))
    ours, theirs = (torch.cat(list(each)).double().log_softmax(-1) for each in (first, second))
    divergence = (ours.exp() * (ours - theirs)).sum(-1).mean().item()
    return Difference(largest, max(divergence, 0.0))
