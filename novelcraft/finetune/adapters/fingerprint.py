"""An adapter's weights known again by their hash, without reading them each time.

The hash is kept beside the weights with the size and the times of the file that it was taken of.
"""

from __future__ import annotations

import hashlib
from contextlib import suppress
from pathlib import Path

from novelcraft.errors import AdapterError, NovelcraftError
from novelcraft.finetune.adapters.folder import WEIGHTS_FILE
from novelcraft.state.base import Frozen
from novelcraft.tools.storage.files import write_atomic

CACHE_FILE = ".weights.json"


class _Known(Frozen):
    """What the hash was taken of."""

    size: int
    written_ns: int
    changed_ns: int
    """Of the file's entry: copying another file's times onto it does not set this one back."""
    sha256: str


def known_weights(adapter: Path) -> str:
    """SHA-256 of an adapter's weights, read again only when the file has changed.

    Raises:
        AdapterError: There are none, or they cannot be read.
    """
    try:
        found = (adapter / WEIGHTS_FILE).stat()
    except OSError as error:
        raise _unreadable(adapter, error) from error
    marks = (found.st_size, found.st_mtime_ns, found.st_ctime_ns)
    known = _kept(adapter)
    if known and (known.size, known.written_ns, known.changed_ns) == marks:
        return known.sha256
    digest = weights_hash(adapter)
    now = _Known(size=marks[0], written_ns=marks[1], changed_ns=marks[2], sha256=digest)
    # A folder that cannot be written is read anew each time.
    with suppress(NovelcraftError):
        write_atomic(adapter / CACHE_FILE, now.model_dump_json().encode())
    return digest


def weights_hash(adapter: Path) -> str:
    """SHA-256 of an adapter's weights, 64 hex digits.

    Raises:
        AdapterError: There are none, or they cannot be read.
    """
    try:
        with (adapter / WEIGHTS_FILE).open("rb") as opened:
            return hashlib.file_digest(opened, "sha256").hexdigest()
    except OSError as error:
        raise _unreadable(adapter, error) from error


def _unreadable(adapter: Path, error: OSError) -> AdapterError:
    return AdapterError(
        f"{adapter / WEIGHTS_FILE} cannot be read: {error.strerror or error}.",
        fix="Give the adapter folder of a training run.",
    )


def _kept(adapter: Path) -> _Known | None:
    with suppress(OSError, ValueError):
        return _Known.model_validate_json((adapter / CACHE_FILE).read_bytes())
    return None
