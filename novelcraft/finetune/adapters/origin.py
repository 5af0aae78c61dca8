"""Which adapter a converted one was made of.

A converted adapter has other bytes than the one that was trained and evaluated, and may be served
from another place. It says what it is of, so that the gate's word on that one holds for it too.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from novelcraft.finetune.adapters.fingerprint import known_weights
from novelcraft.state.base import Frozen

ORIGIN_FILE = "origin.json"
"""In the folder of an adapter that was converted for vLLM."""
GGUF_KEY = "novelcraft.origin"
"""The key of the same text in a GGUF file."""


class Origin(Frozen):
    """The adapter that a converted one was made of."""

    folder: str
    """Where it was then."""
    adapter_sha256: str
    """Of its weights."""


def origin_of(folder: Path) -> Origin:
    """What a conversion of the adapter in that folder is made of.

    Raises:
        AdapterError: The folder has no weights.
    """
    return read_origin(folder) or Origin(
        folder=str(folder.resolve()), adapter_sha256=known_weights(folder)
    )


def read_origin(place: Path) -> Origin | None:
    """What a converted adapter says it was made of.

    Args:
        place: A folder, or a GGUF file.

    Returns:
        None where it says nothing that can be read, as an adapter that was not converted.
    """
    # A damaged file says nothing, whatever its reader makes of it.
    with suppress(Exception):
        text = _from_gguf(place) if place.is_file() else (place / ORIGIN_FILE).read_bytes()
        return Origin.model_validate_json(text)
    return None


def _from_gguf(file: Path) -> bytes:
    from gguf import GGUFReader

    field = GGUFReader(file).fields[GGUF_KEY]
    return bytes(field.parts[field.data[0]])
