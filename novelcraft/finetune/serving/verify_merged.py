"""A merged model held against the base and the adapter that it was made of."""

from __future__ import annotations

from pathlib import Path

from novelcraft.errors import AdapterError
from novelcraft.finetune.adapters.folder import read_adapter
from novelcraft.finetune.attach import attach
from novelcraft.finetune.models import load_base
from novelcraft.finetune.serving.comparing import CPU, Comparison, difference, logits, probe_tokens
from novelcraft.finetune.serving.merge import LIMITS, stored_type


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
    effect = min((difference(wanted, base) for base in bases), key=lambda each: each.divergence)
    verdict = Comparison(difference(wanted, found), effect)
    if not verdict.agrees(limit):
        raise AdapterError(
            f"{merged} is {verdict.apart.divergence:.2g} nats a token away from base and adapter, "
            f"the bare base {effect.divergence:.2g}; at most {limit:g} is rounding.",
            fix="Merge it again. A model that was merged with --exact is verified with --exact.",
        )
    return verdict
