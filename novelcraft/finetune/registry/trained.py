"""What a training run wrote of itself beside its adapter. Nothing here loads torch."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from novelcraft.errors import AdapterError, NovelcraftError
from novelcraft.finetune.registry.folder import TRAINING_FILE
from novelcraft.finetune.rowfolder import rows_folder, rows_hash
from novelcraft.state.rows import RowManifest
from novelcraft.tools.books.rowfiles import MANIFEST_FILE

_KEYS = ("config", "data_hash", "tokenizer", "step", "versions")


def read_training(adapter: Path) -> dict[str, Any]:
    """What the run wrote of itself: config, data_hash, tokenizer, step, versions, and
    earlier_rows: hashes of other rows, which the adapter that it went on from had learnt.

    Raises:
        AdapterError: It wrote nothing, or it is damaged.
    """
    file = adapter / TRAINING_FILE
    try:
        read = json.loads(file.read_text(encoding="utf-8"))
        kept = {key: read[key] for key in _KEYS}
        kept["config"]["data"]
        kept["earlier_rows"] = list(read.get("earlier_rows", ()))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise AdapterError(
            f"{file} does not say how the adapter was trained: {error}.",
            fix="Give the adapter folder of a `novelcraft train` run.",
        ) from error
    return kept


def trained_on(adapter: Path) -> Path:
    """The data folder that the run had its rows from.

    Raises:
        AdapterError: The run does not say.
    """
    return Path(read_training(adapter)["config"]["data"]).expanduser()


def trained_books(data: Path, rows: str) -> tuple[str, tuple[str, ...]]:
    """Hash of a data folder's manifest, and the books in it.

    Args:
        data: The data folder.
        rows: Hash of the rows that were trained on. Where the folder has others now, or no
            manifest, nothing is known.
    """
    try:
        folder = rows_folder(str(data))
        text = (folder / MANIFEST_FILE).read_bytes()
        if rows_hash(folder) != rows:
            return "", ()
        manifest = RowManifest.model_validate_json(text)
    except (OSError, ValueError, NovelcraftError):
        return "", ()
    return hashlib.sha256(text).hexdigest(), tuple(book.book_id for book in manifest.books)
