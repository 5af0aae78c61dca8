"""An adapter as vLLM serves it, held against the one that was trained.

Its files are verified without vLLM: what they say each layer and each expert changes by is added
to the base, and the result is compared with base and adapter. A server that has loaded it is
asked how likely it takes the tokens of a few texts to be.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from novelcraft.errors import AdapterError
from novelcraft.finetune.adapters.folder import Adapter, read_adapter
from novelcraft.finetune.attach import attach
from novelcraft.finetune.models import load_base
from novelcraft.finetune.serving.comparing import CPU, Comparison, difference, logits, probe_tokens
from novelcraft.finetune.serving.factors import read_factors
from novelcraft.finetune.serving.served import PromptLikelihoods, ServedModel

_ROUNDING = 1e-5
"""Nats a token that sums in another order may differ by."""
_FLOOR = 0.02
"""Nats that two engines may differ with the adapter, whatever they differ without it."""
_FACTOR = 3.0
"""How much more than without the adapter they may differ with it."""


@dataclass(frozen=True)
class ServedVerdict:
    """How far vLLM and transformers are apart, in nats, over prompts and likeliest next tokens."""

    bare: float
    """Mean difference without the adapter: what the server's own rounding does."""
    adapted: float
    """Mean difference with it."""
    effect: float
    """Mean change that the adapter makes over the same tokens."""
    tokens: int
    """The number of tokens compared."""

    @property
    def agrees(self) -> bool:
        """Whether what is served is the adapter that was trained."""
        allowed = max(_FLOOR, _FACTOR * self.bare)
        return self.adapted <= allowed and self.effect > self.adapted


def verify_files(folder: Path, converted: Path, *, base: str = "") -> Comparison:
    """Compare a converted adapter's files with the adapter.

    Args:
        folder: The adapter's folder.
        converted: The folder that was made of it for vLLM.
        base: The base; empty for the one that the adapter names.

    Raises:
        AdapterError: They are not the same, or one cannot be read.
        BaseModelError: The base cannot be read.
    """
    trained, made = read_adapter(folder), read_adapter(converted)
    named = base or trained.base_model
    tokens = probe_tokens(named)
    model = load_base(named, CPU)
    bare = logits(model, tokens)
    _add(model, made)
    found = logits(model, tokens)
    del model
    wanted = logits(attach(load_base(named, CPU), trained), tokens)
    verdict = Comparison(difference(wanted, found), difference(wanted, bare))
    if not verdict.agrees(_ROUNDING):
        raise AdapterError(
            f"{converted} is not the adapter that was trained: its base is "
            f"{verdict.apart.kl_divergence:.2g} nats a token away from base and adapter, and the "
            f"bare base {verdict.effect.kl_divergence:.2g}.",
            fix=f"Convert it again: novelcraft adapter convert {folder} --to vllm --out DIR",
        )
    return verdict


def verify_served(folder: Path, served: ServedModel, *, base: str = "") -> ServedVerdict:
    """Compare an adapter that vLLM has loaded with the adapter in transformers.

    Args:
        folder: The adapter's folder.
        served: The adapter, by the name that the server gave it.
        base: The base; empty for the one that the adapter names.

    Raises:
        AdapterError: They are not the same.
        BaseModelError: The base cannot be read.
        ModelError: The server cannot be asked.
    """
    adapter = read_adapter(folder)
    named = base or adapter.base_model
    prompts = probe_tokens(named)
    # The server first: what is wrong with it is known before a model is loaded.
    told, told_bare = served.ask(prompts), served.base().ask(prompts)
    model = load_base(named, CPU)
    before = _likelihoods(logits(model, prompts))
    after = _likelihoods(logits(attach(model, adapter), prompts))
    verdict = ServedVerdict(
        bare=_mean(_differences(told_bare, before, prompts)),
        adapted=_mean(_differences(told, after, prompts)),
        effect=_mean(_differences(told_bare, after, prompts)),
        tokens=len(_differences(told, after, prompts)),
    )
    if not verdict.agrees:
        raise AdapterError(
            f"What {served.url} serves as {served.name} is not the adapter that was trained: with "
            f"it, vLLM and transformers differ by {verdict.adapted:.3g} nats, without it by "
            f"{verdict.bare:.3g}.",
            fix="See that the server has loaded this adapter, over the base that it was trained "
            "on.",
        )
    return verdict


def _likelihoods(found: Sequence[torch.Tensor]) -> list[torch.Tensor]:
    return [each.log_softmax(-1) for each in found]


def _differences(
    told: Sequence[PromptLikelihoods],
    ours: Sequence[torch.Tensor],
    prompts: Sequence[Sequence[int]],
) -> list[float]:
    apart = []
    for each, own, prompt in zip(told, ours, prompts, strict=True):
        pairs = zip(each.prompt, own[:-1], prompt[1:], strict=False)
        apart += [abs(value - float(at[token])) for value, at, token in pairs]
        apart += [abs(value - float(own[-1][token])) for token, value in each.following.items()]
    return apart


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def _add(model: Any, adapter: Adapter) -> None:
    """Add to a base what an adapter for vLLM changes each of its layers by."""
    parameters = dict(model.named_parameters())
    with torch.no_grad():
        for factors in read_factors(adapter, model.config):
            parameter, part = _place(parameters, factors.layer)
            parameter[part].add_(adapter.scale * (factors.up @ factors.down))


def _place(parameters: Mapping[str, Any], layer: str) -> tuple[Any, Any]:
    """The parameter that holds a layer, and where in it: training fuses a layer's experts.

    Raises:
        AdapterError: The base has none.
    """
    whole = parameters.get(f"{layer}.weight")
    if whole is not None:
        return whole, ...
    experts, _, rest = layer.partition(".experts.")
    number, _, part = rest.partition(".")
    fused = parameters.get(f"{experts}.experts.{_FUSED.get(part, '')}")
    if fused is None or not number.isdecimal() or int(number) >= len(fused):
        raise AdapterError(
            f"The base has no {layer}.", fix="Give the base that the adapter was trained on."
        )
    half = fused.shape[1] // 2
    rows = {"gate_proj": slice(0, half), "up_proj": slice(half, None)}
    return fused, (int(number), rows.get(part, slice(None)))


_FUSED = {"gate_proj": "gate_up_proj", "up_proj": "gate_up_proj", "down_proj": "down_proj"}
