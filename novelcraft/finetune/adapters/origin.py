"""Which adapter a converted one, or a merged model, was made of.

A converted adapter has other bytes than the one that was trained and evaluated, and may be served
from another place. It says what it is of, so that the gate's word on that one holds for it too. A
merged model says what its adapter had learnt: an adapter that is trained on it knows that too.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from novelcraft.finetune.adapters.fingerprint import known_weights
from novelcraft.finetune.adapters.trained import UNKNOWN_ROWS
from novelcraft.state.base import Frozen
from novelcraft.state.evaluation import GateVerdict

ORIGIN_FILE = "origin.json"
"""In the folder of an adapter that was converted for vLLM, and in that of a merged model."""
GGUF_KEY = "novelcraft.origin"
"""The key of the same text in a GGUF file."""


class Origin(Frozen):
    """The adapter that a converted one was made of."""

    folder: str
    """Where it was then."""
    adapter_sha256: str
    """SHA-256 of the adapter's weights."""


class MergedOrigin(Origin):
    """The adapter that was merged into a model."""

    name: str
    verdict: GateVerdict
    """The gate's, when it was merged."""
    rows: tuple[str, ...]
    """Hashes of all rows that the model knows from it, and from those merged before it."""


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


def read_merged(model: Path) -> MergedOrigin | None:
    """The adapter that is merged into the model in a folder; None where nothing says so."""
    with suppress(OSError, ValueError):
        return MergedOrigin.model_validate_json((model / ORIGIN_FILE).read_bytes())
    return None


def merged_rows(base: str) -> frozenset[str]:
    """Hashes of the rows that a base knows from adapters that were merged into it.

    None for a base without, and for one that is no local folder.
    """
    file = Path(base).expanduser() / ORIGIN_FILE
    if not file.is_file():
        return frozenset()
    try:
        return frozenset(MergedOrigin.model_validate_json(file.read_bytes()).rows)
    except (OSError, ValueError):
        return frozenset({UNKNOWN_ROWS})


def _from_gguf(file: Path) -> bytes:
    from gguf import GGUFReader

    field = GGUFReader(file).fields[GGUF_KEY]
    return bytes(field.parts[field.data[0]])
