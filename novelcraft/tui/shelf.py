"""The novels in a folder, or in a batch's database, and how far each is. Pure of Textual."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal, Protocol

from novelcraft.errors import NovelcraftError
from novelcraft.graphs.folder import DATABASE, TOML
from novelcraft.state.batch import BatchEntry, RowStatus
from novelcraft.tools.batch.store import BatchStore
from novelcraft.tools.canon.store import ManuscriptStore
from novelcraft.tools.storage.lock import holder
from novelcraft.tui.homes import FolderHome, NovelHome, SharedHome

DEPTH = 3
"""Folders deep that novels and other work are looked for."""

State = (
    Literal["being written", "finished", "stopped", "planned", "new", "cannot be read"] | RowStatus
)


@dataclass(frozen=True)
class ShelfRow:
    """One novel."""

    place: str
    """Its folder, as seen from the shelf's; its name in a batch."""
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


class Shelf(Protocol):
    """Where novels are."""

    name: str
    root: Path | None
    """The folder in which a novel can be begun; None where none can."""

    def rows(self) -> list[ShelfRow]:
        """The novels.

        Raises:
            NovelcraftError: They cannot be read.
        """

    def home(self, place: str) -> NovelHome:
        """The home of one."""


class FolderShelf:
    """The novels below a folder, the one that changed last first."""

    def __init__(self, root: Path) -> None:
        self.name = str(root) if root.name else root.resolve().name
        self.root: Path | None = root
        self._root = root
        self._known: dict[Path, tuple[object, ShelfRow]] = {}

    def rows(self) -> list[ShelfRow]:
        """See `Shelf`. One that cannot be read is a row that says why.

        A novel whose files are as they were when it was last looked at is not read again.
        """
        rows = [self._row(folder) for folder in folders(self._root, holds_novel)]
        return sorted(rows, key=lambda row: row.changed or datetime.min, reverse=True)

    def _row(self, folder: Path) -> ShelfRow:
        files = (TOML, DATABASE, f"{DATABASE}-wal")
        stamp = (*(_changed(folder / name) for name in files), holder(folder))
        known, row = self._known.get(folder, (None, None))
        if row is None or known != stamp:
            row = _folder_row(folder, str(folder.relative_to(self._root)))
            self._known[folder] = stamp, row
        return row

    def home(self, place: str) -> NovelHome:
        """See `Shelf`."""
        return FolderHome(self._root / place)


class SharedShelf:
    """The novels of a batch in PostgreSQL, in the batch's order.

    Args:
        url: The database's.
        batch: The open batch of that database.
    """

    def __init__(self, url: str, batch: BatchStore) -> None:
        self.name = batch.database.name
        self.root: Path | None = None
        self._url = url
        self._batch = batch

    def rows(self) -> list[ShelfRow]:
        """See `Shelf`."""
        return [_batch_row(entry) for entry in self._batch.entries()]

    def home(self, place: str) -> NovelHome:
        """See `Shelf`."""
        return SharedHome(self._url, self._batch, place)


def _batch_row(entry: BatchEntry) -> ShelfRow:
    name, now = entry.row.name, entry.standing
    return ShelfRow(name, name, now.status, now.scenes, now.scenes_planned, now.words)


def _folder_row(folder: Path, place: str) -> ShelfRow:
    """What can be said of a novel without a model and without its lock."""
    database = folder / DATABASE
    if not database.is_file():
        return ShelfRow(place, folder.name, "new", changed=_changed(folder / TOML))
    try:
        with ManuscriptStore.open(database) as store:
            return _row(folder, place, store)
    except NovelcraftError as error:
        return ShelfRow(place, folder.name, "cannot be read", problem=str(error))


def _row(folder: Path, place: str, store: ManuscriptStore) -> ShelfRow:
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
        place,
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
