"""An adapter merged into its base: one model that needs no adapter to be served.

Merged is in fp32, into the base as it was published, or, `exact`, as the adapter knew it: an
adapter that was trained over a base in four bits has learnt to make up for what four bits lose,
and fits the base that was quantised and brought back best. It is never merged into four bits:
the rounding would erase it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import torch

from novelcraft.errors import AdapterError, ConfigError
from novelcraft.finetune.adapters.folder import Adapter, read_adapter
from novelcraft.finetune.adapters.origin import ORIGIN_FILE, MergedOrigin
from novelcraft.finetune.attach import attach
from novelcraft.finetune.models import load_base, load_settings, load_tokenizer
from novelcraft.finetune.registry.lookup import origin_of_merged
from novelcraft.finetune.serving.comparing import (
    CPU,
    Comparison,
    Difference,
    difference,
    logits,
    probe_tokens,
)
from novelcraft.tools.storage.folders import new_folder

MergeType = Literal["auto", "fp32", "bf16", "fp16"]
_TYPES = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}
LIMITS = {torch.float32: 1e-5, torch.bfloat16: 0.05, torch.float16: 0.02}
"""Nats a token that a merged model may differ from base and adapter, by what it is stored in."""


@dataclass(frozen=True)
class MergeReport:
    """What came of a merge."""

    folder: Path
    exact: bool
    """Whether it was merged into the base that was quantised and brought back."""
    stored_as: str
    """The type of its weights."""
    reloaded: Difference
    """The model read back from its files, from base and adapter before the merge."""
    trained: Difference
    """The same model, from what was trained: the adapter over a base in four bits, if it was."""
    four_bits: bool
    """Whether it was."""
    origin: MergedOrigin
    """What the model says of the adapter that it was made of."""


def merge_adapter(
    folder: Path,
    output: Path,
    *,
    base: str = "",
    exact: bool = False,
    stored_as: MergeType = "auto",
) -> MergeReport:
    """Merge an adapter into its base, and see that the result says the same.

    Args:
        folder: The adapter's.
        output: The merged model's; must not be there yet.
        base: The base model; empty for the one that the adapter names.
        exact: Merge into the base quantised to four bits and brought back.
        stored_as: Type of the weights; `auto` takes the base's.

    Raises:
        AdapterError: It cannot be read, is of another base, or did not survive the merge.
        BaseModelError: The base cannot be read.
        ConfigError: The base is in four bits itself, or the output is in the way.
        DiskFullError, ReadOnlyError, ExportError: The model cannot be written.
    """
    adapter = read_adapter(folder)
    named = base or adapter.base_model
    if exact and not adapter.four_bits:
        raise ConfigError(
            f"{folder} was not trained over a base in four bits: its base needs no --exact.",
            fix="Leave --exact out.",
        )
    if output.exists():
        raise ConfigError(f"{output} is there already.", fix="Name another folder.")
    kind = stored_type(named, stored_as)
    origin = origin_of_merged(folder, named)
    tokenizer = load_tokenizer(named)
    tokens = probe_tokens(named)
    plain = load_base(named, CPU, four_bits=exact)
    bare = logits(plain, tokens)
    model = attach(plain, adapter, exact=exact)
    before = logits(model, tokens)
    trained = _trained(named, adapter, tokens) if adapter.four_bits else before
    merged = model.merge_and_unload().to(kind)
    with new_folder(output) as partial:
        merged.save_pretrained(partial)
        tokenizer.save_pretrained(partial)
        after = logits(load_base(str(partial), CPU), tokens)
        reloaded = Comparison(difference(before, after), difference(before, bare))
        _require_agreement(
            "The merged model",
            reloaded,
            LIMITS[kind],
            "Store it as fp32. If it is, the adapter changes next to nothing.",
        )
        (partial / ORIGIN_FILE).write_text(origin.model_dump_json(indent=2), encoding="utf-8")
    return MergeReport(
        output,
        exact,
        _name(kind),
        reloaded.apart,
        difference(trained, after),
        adapter.four_bits,
        origin,
    )


def verify_merged(folder: Path, merged: Path, *, base: str = "", exact: bool = False) -> Comparison:
    """Compare a merged model with base and adapter.

    Args:
        folder: The adapter's folder.
        merged: The merged model's.
        base: The base; empty for the one that the adapter names.
        exact: Whether it was merged into the base quantised to four bits and brought back.

    Raises:
        AdapterError: They are further apart than rounding explains, or as far as the bare base.
        BaseModelError: One of the models cannot be read.
    """
    adapter = read_adapter(folder)
    named = base or adapter.base_model
    limit = LIMITS[stored_type(str(merged))]
    tokens = probe_tokens(named)
    found = logits(load_base(str(merged), CPU), tokens)
    # The published base passed off as merged is found out, whichever base it was merged into.
    bases = [logits(load_base(named, CPU), tokens)] if exact else []
    plain = load_base(named, CPU, four_bits=exact)
    bases.append(logits(plain, tokens))
    wanted = logits(attach(plain, adapter, exact=exact), tokens)
    apart = [difference(wanted, each) for each in bases]
    effect = min(apart, key=lambda each: each.kl_divergence)
    verdict = Comparison(difference(wanted, found), effect)
    _require_agreement(
        str(merged),
        verdict,
        limit,
        "Merge it again. A model that was merged with --exact is verified with --exact.",
    )
    return verdict


def stored_type(base: str, asked: MergeType = "auto") -> torch.dtype:
    """The type to store a model's weights in; `auto` takes the one that a base is stored in.

    Raises:
        BaseModelError: The base cannot be read.
        ConfigError: It is quantised.
    """
    settings = load_settings(base)
    if getattr(settings, "quantization_config", None):
        raise ConfigError(
            f"{base} is quantised. Merged into it, the adapter would be rounded away.",
            fix="Give the base as it was published, in 16 or 32 bits.",
        )
    own = settings.dtype if settings.dtype in LIMITS else torch.float32
    return own if asked == "auto" else _TYPES[asked]


def _trained(base: str, adapter: Adapter, tokens: list[list[int]]) -> list[torch.Tensor]:
    model = attach(load_base(base, CPU, four_bits=True), adapter)
    return logits(model, tokens)


def _require_agreement(what: str, found: Comparison, limit: float, fix: str) -> None:
    """See that a merged model differs from base and adapter by no more than rounding.

    Raises:
        AdapterError: It does.
    """
    if not found.agrees(limit):
        raise AdapterError(
            f"{what} is {found.apart.kl_divergence:.2g} nats a token away from base and adapter, "
            f"the bare base {found.effect.kl_divergence:.2g}; at most {limit:g} is rounding.",
            fix=fix,
        )


def _name(kind: torch.dtype) -> str:
    return next(name for name, each in _TYPES.items() if each is kind)
