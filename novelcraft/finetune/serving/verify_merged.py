"""A merged model held against the base and the adapter that it was made of."""

from __future__ import annotations

from pathlib import Path

from novelcraft.errors import AdapterError
from novelcraft.finetune.adapters.folder import read_adapter
from novelcraft.finetune.models import Machine, load_base, load_tokenizer
from novelcraft.finetune.serving.comparing import PROBES, Difference, difference, logits
from novelcraft.finetune.serving.merge import LIMITS, attach, stored_type

_CPU = Machine("cpu", "fp32")


def verify_merged(folder: Path, merged: Path, *, base: str = "", exact: bool = False) -> Difference:
    """Compare a merged model with base and adapter.

    Args:
        folder: The adapter's folder.
        merged: The merged model's.
        base: The base; empty for the one that the adapter names.
        exact: Whether it was merged into the base quantised to four bits and brought back.

    Raises:
        AdapterError: They are further apart than rounding explains.
        BaseModelError: One of the models cannot be read.
    """
    adapter = read_adapter(folder)
    named = base or adapter.base_model
    limit = LIMITS[stored_type(str(merged))]
    tokenizer = load_tokenizer(named)
    tokens = [tokenizer(text)["input_ids"] for text in PROBES]
    found = logits(load_base(str(merged), _CPU), tokens)
    model = attach(load_base(named, _CPU, four_bits=exact), adapter, exact=exact)
    apart = difference(logits(model, tokens), found)
    if apart.divergence > limit:
        raise AdapterError(
            f"{merged} is {apart.divergence:.2g} nats a token away from base and adapter; at most "
            f"{limit:g} is rounding.",
            fix="Merge it again. A model that was merged with --exact is verified with --exact.",
        )
    return apart
