"""The base of all state models, and content addressing."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict


class Frozen(BaseModel):
    """An immutable model that refuses unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def renamed(given: Any, names: Mapping[str, str]) -> Any:
    """A model's input with the keys that earlier versions wrote under their present names.

    Args:
        given: What the model is validated from; anything but a mapping is left as it is.
        names: Present names by earlier ones.
    """
    if not isinstance(given, Mapping):
        return given
    return {names.get(key, key): value for key, value in given.items()}


def content_hash(value: Any) -> str:
    """Hash a JSON-able value, the same on every machine.

    Args:
        value: Anything `json.dumps` takes.

    Returns:
        The SHA-256 of its canonical JSON (sorted keys, no spaces, UTF-8), as 64 hex digits.
    """
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def derive_seed(seed: int, *labels: object) -> int:
    """A seed for one step, fixed by the novel's seed and the step's name.

    Returns:
        An integer of 31 bits, which every server takes.
    """
    return int(content_hash([seed, *map(str, labels)])[:8], 16) & 0x7FFFFFFF
