"""What a training run wrote of itself beside its adapter. Nothing here loads torch."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import ConfigDict, ValidationError, field_validator

from novelcraft.errors import AdapterError, NovelcraftError
from novelcraft.finetune.adapters.folder import TRAINING_FILE
from novelcraft.finetune.rowfolder import rows_folder, rows_hash, rows_layout
from novelcraft.state.base import Frozen
from novelcraft.state.layout import Layout
from novelcraft.state.rows import RowManifest
from novelcraft.tools.books.rows.rowfiles import MANIFEST_FILE

UNKNOWN_ROWS = "unknown"
"""Stands for the hash of rows that nothing is known of."""


class TrainedRecord(Frozen):
    """What a run wrote of itself beside its adapter."""

    model_config = ConfigDict(extra="ignore")

    config: dict[str, Any]
    """The run's settings; they name the data folder."""
    data_hash: str
    """SHA-256 over the files of the rows that it was trained on."""
    tokenizer: str
    """Fingerprint of the base's."""
    step: int
    versions: dict[str, str]
    threads: int = 0
    """That it was computed with on a processor; 0 where none was chosen."""
    earlier_rows: tuple[str, ...] = ()
    """Hashes of other rows that it knows: of its base, of the adapter that it went on from, of
    pairs."""

    @field_validator("config")
    @classmethod
    def _names_the_data(cls, config: dict[str, Any]) -> dict[str, Any]:
        if not isinstance(config.get("data"), str):
            raise ValueError("it names no data folder")
        return config


def read_training(adapter: Path) -> TrainedRecord:
    """What the run wrote of itself.

    Raises:
        AdapterError: It wrote nothing, or it is damaged.
    """
    file = adapter / TRAINING_FILE
    try:
        return TrainedRecord.model_validate_json(file.read_bytes())
    except (OSError, ValueError) as error:
        raise AdapterError(
            f"{file} does not say how the adapter was trained: {_why(error)}.",
            fix="Give the adapter folder of a `novelcraft train` run.",
        ) from error


def known_training(adapter: Path) -> TrainedRecord | None:
    """What the run wrote of itself; None where that cannot be read."""
    try:
        return read_training(adapter)
    except AdapterError:
        return None


def known_rows(adapter: Path) -> frozenset[str]:
    """Hashes of all rows that an adapter knows."""
    found = known_training(adapter)
    return frozenset({found.data_hash, *found.earlier_rows} if found else {UNKNOWN_ROWS})


def trained_on(adapter: Path) -> Path:
    """The data folder that the run had its rows from.

    Raises:
        AdapterError: The run does not say.
    """
    return Path(read_training(adapter).config["data"]).expanduser()


class TrainedRows(NamedTuple):
    """What is known of the rows that an adapter was trained on."""

    manifest_hash: str = ""
    """Of the data folder's manifest; empty where nothing is known."""
    books: tuple[str, ...] = ()
    layout: Layout | None = None


def trained_rows(data: Path, rows: str) -> TrainedRows:
    """What the manifest of a data folder says of rows.

    Args:
        data: The data folder.
        rows: Hash of the rows that were trained on. Where the folder has others now, or no
            manifest, nothing is known.
    """
    try:
        folder = rows_folder(str(data))
        text = (folder / MANIFEST_FILE).read_bytes()
        if rows_hash(folder) != rows:
            return TrainedRows()
        manifest = RowManifest.model_validate_json(text)
        layout = rows_layout(manifest)
    except (OSError, ValueError, NovelcraftError):
        return TrainedRows()
    books = tuple(book.book_id for book in manifest.books)
    return TrainedRows(hashlib.sha256(text).hexdigest(), books, layout)


def _why(error: OSError | ValueError) -> str:
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        return ": ".join([*map(str, first["loc"]), first["msg"]])
    return str(error)
