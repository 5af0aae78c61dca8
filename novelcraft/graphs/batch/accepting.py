"""Rows on their way into a batch. Light to import, so that bad rows are answered at once."""

from __future__ import annotations

from pathlib import Path

from novelcraft.config.template import update_toml
from novelcraft.graphs.folder import TOML
from novelcraft.state.batch import BatchRow, Change
from novelcraft.tools.batch.store import BatchStore
from novelcraft.tools.storage.files import write_atomic


def accept(
    shelf: Path | None, store: BatchStore, added: list[BatchRow], changes: list[Change]
) -> None:
    """Take rows into a batch, and changes of rows also into their `novel.toml`.

    Args:
        shelf: Holds the novels' folders; None where workers have folders of their own.
        store: The batch's table.
        added: New rows.
        changes: What a person agreed to.

    Raises:
        DiskFullError, ReadOnlyError: Something cannot be written.
    """
    store.take(added, changes)
    if shelf is None:
        return
    for change in changes:
        path = shelf / change.row.name / TOML
        if path.is_file():
            text = path.read_text(encoding="utf-8-sig")
            write_atomic(path, update_toml(text, change.values()).encode("utf-8"))
