"""The novels in a folder, and how far each is. Pure of Textual."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

from novelcraft.errors import NovelcraftError
from novelcraft.graphs.folder import DATABASE, TOML
from novelcraft.tools.canon.store import ManuscriptStore
from novelcraft.tools.storage.lock import holder

DEPTH = 3
"""Folders deep that novels and other work are looked for."""

State = Literal["being written", "finished", "stopped", "planned", "new", "cannot be read"]


@dataclass(frozen=True)
class ShelfRow:
    """One novel."""

    folder: Path
    title: str
    state: State
    scenes: int = 0
    """Written, of the main branch."""
    planned: int = 0
    words: int = 0
    target_words: int = 0
    changed: datetime | None = None
    problem: str = ""
    """For a person, where it cannot be read."""


def shelf_rows(root: Path) -> list[ShelfRow]:
    """The novels below a folder, the one that changed last first."""
    rows = [shelf_row(folder) for folder in folders(root, holds_novel)]
    return sorted(rows, key=lambda row: row.changed or datetime.min, reverse=True)


def shelf_row(folder: Path) -> ShelfRow:
    """What can be said of a novel without a model and without its lock."""
    database = folder / DATABASE
    if not database.is_file():
        return ShelfRow(folder, folder.name, "new", changed=_changed(folder / TOML))
    try:
        with ManuscriptStore.open(database) as store:
            return _row(folder, store)
    except NovelcraftError as error:
        return ShelfRow(folder, folder.name, "cannot be read", problem=str(error))


def _row(folder: Path, store: ManuscriptStore) -> ShelfRow:
    branch = next((b for b in store.branches() if b.name == "main"), None)
    plan = store.plan(branch.plan_version) if branch and branch.plan_version else None
    head = branch.head if branch else None
    written = len(store.commit_ids(head))
    state: State = "planned" if plan and not written else "stopped" if plan else "new"
    if head and store.finished_head("main") == head:
        state = "finished"
    if holder(folder) is not None:
        state = "being written"
    return ShelfRow(
        folder,
        plan.core.title if plan else folder.name,
        state,
        written,
        len(plan.scenes) if plan else 0,
        store.words_written(head),
        plan.target_words if plan else 0,
        _changed(folder / DATABASE),
    )


def holds_novel(folder: Path) -> bool:
    """Whether a novel is in a folder, begun or not."""
    return (folder / TOML).is_file() or (folder / DATABASE).is_file()


def folders(root: Path, is_one: Callable[[Path], object], depth: int = DEPTH) -> Iterator[Path]:
    """The folders from one down that are what is looked for; none that is inside another."""
    if not root.is_dir():
        return
    if is_one(root):
        yield root
        return
    if depth:
        try:
            inside = sorted(p for p in root.iterdir() if p.is_dir() and not p.name.startswith("."))
        except OSError:
            return
        for path in inside:
            yield from folders(path, is_one, depth - 1)


def _changed(file: Path) -> datetime | None:
    try:
        return datetime.fromtimestamp(file.stat().st_mtime)
    except OSError:
        return None
