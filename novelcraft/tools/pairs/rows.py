"""Which training rows the narrator is asked to write to."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from novelcraft.errors import PreferenceError
from novelcraft.state.base import content_hash
from novelcraft.state.rows import RowManifest, TrainingRow
from novelcraft.tools.books.rows.row_reader import read_row_manifest, read_rows
from novelcraft.tools.books.rows.rowfiles import TRAIN_FILE, VALIDATION_FILE
from novelcraft.tools.pairs.split import SHARE


@dataclass(frozen=True)
class RowsToAsk:
    """Rows of a data set."""

    rows: tuple[TrainingRow, ...]
    held_out: frozenset[str]
    """Ids of those that are validation rows: their pairs are never trained on."""
    manifest: RowManifest


def rows_to_ask(data: Path, count: int | None = None) -> RowsToAsk:
    """The scene rows of a data folder, or some of them by lot.

    Args:
        data: The data folder.
        count: How many of the training rows; a tenth as many validation rows come on top. None
            takes all of both.

    Raises:
        PreferenceError: There are no rows of ours.
        InputError: A line is no row, or the manifest is none.
    """
    folder = data / "rows"
    manifest = read_row_manifest(folder)
    if manifest is None or not (folder / TRAIN_FILE).is_file():
        raise PreferenceError(
            f"{data} has no training rows to ask for scenes with.",
            fix="Prepare books first: novelcraft prep BOOK... --out DIR.",
        )
    train = _some(read_rows(folder / TRAIN_FILE), count)
    file = folder / VALIDATION_FILE
    held = read_rows(file) if file.is_file() else ()
    held = _some(held, None if count is None else math.ceil(count * SHARE))
    ids = frozenset(row.row_id for row in held)
    return RowsToAsk((*train, *held), ids, manifest)


def _some(rows: Sequence[TrainingRow], count: int | None) -> tuple[TrainingRow, ...]:
    """The rows that a lot falls on, in the order of the data set. More rows change no lot."""
    scenes = [row for row in rows if row.kind == "scene"]
    drawn = sorted(scenes, key=lambda row: content_hash(["pairs", row.row_id]))[:count]
    taken = {row.row_id for row in drawn}
    return tuple(row for row in scenes if row.row_id in taken)
