"""A folder of rows: where it is, what its manifest says, and its hash. Nothing here loads torch."""

from __future__ import annotations

from pathlib import Path

from novelcraft.config.prep import PrepSettings, ThinkMode, read_settings
from novelcraft.errors import TrainingDataError
from novelcraft.state.layout import Layout
from novelcraft.state.rows import RowManifest
from novelcraft.tools.books.rows.row_reader import read_row_manifest
from novelcraft.tools.books.rows.rowfiles import TRAIN_FILE, VALIDATION_FILE
from novelcraft.tools.storage.files import files_digest


def rows_folder(data: str) -> Path:
    """The folder with the rows: a data folder's `rows`, or the folder itself.

    Raises:
        TrainingDataError: Neither has any.
    """
    given = Path(data).expanduser()
    for folder in (given / "rows", given):
        if (folder / TRAIN_FILE).is_file():
            return folder
    raise TrainingDataError(
        f"{given} has no rows to train on: there is no {TRAIN_FILE} in it, nor in its rows folder.",
        fix="Compile them with `novelcraft prep`, or give --data the folder that holds them.",
    )


def rows_layout(manifest: RowManifest | None) -> Layout:
    """The layout of rows; of rows of before there were layouts by the numbers that they were made
    with, and for rows of another tool the default one."""
    if manifest is None:
        return PrepSettings().row_layout
    return manifest.layout or read_settings(manifest.settings).row_layout


def rows_think(manifest: RowManifest | None) -> ThinkMode | None:
    """What rows have in their think block; of no consequence for a template without one."""
    if manifest is None:
        return "empty"
    return None if manifest.think.content == "none" else manifest.think.content


def rows_hash(folder: Path) -> str:
    """SHA-256 over the rows in a folder and what they have in a think block.

    A run knows its data again by it.

    Raises:
        InputError: The manifest cannot be read.
    """
    digest = files_digest(folder / TRAIN_FILE, folder / VALIDATION_FILE)
    digest.update((rows_think(read_row_manifest(folder)) or "").encode())
    return digest.hexdigest()
