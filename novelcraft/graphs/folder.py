"""What a novel's folder is. Light to import, so that wrong input is answered at once."""

from __future__ import annotations

from pathlib import Path

from novelcraft.config.root import Settings
from novelcraft.config.template import novel_toml
from novelcraft.errors import NotAProjectError
from novelcraft.tools.authored import AUTHORED
from novelcraft.tools.storage.files import storage_errors, write_atomic
from novelcraft.tools.text import quoted

TOML = "novel.toml"
DATABASE = "novel.db"
BATCH = "batch.db"
"""The table of a batch, on its shelf."""


def is_novel(folder: Path) -> bool:
    """Whether a folder is a novel's."""
    return (folder / TOML).is_file()


def require_novel(folder: Path) -> None:
    """Refuse a folder that holds no novel.

    Raises:
        NotAProjectError: There is no `novel.toml` in it.
    """
    if is_novel(folder):
        return
    if (folder / DATABASE).is_file():
        raise NotAProjectError(
            f"{folder} holds a novel, but its {TOML} is gone.",
            fix="Make it again, with the premise and the length that the book had: "
            f'novelcraft new {quoted(folder)} --premise "…" --pages N',
        )
    raise NotAProjectError(
        f"{folder} holds no novel: there is no {TOML} in it.",
        fix=f'Start one there: novelcraft write "your premise" --out {quoted(folder)}',
    )


def make_shelf(shelf: Path) -> None:
    """Make the folder of a batch; one that is there already is kept.

    It may hold folders with what the authors of its novels have already.

    Raises:
        NotAProjectError: It holds files, and no batch.
        ReadOnlyError, DiskFullError: It cannot be written.
    """
    with storage_errors(shelf):
        others = shelf.exists() and not all(map(_only_authored, shelf.iterdir()))
        if others and not (shelf / BATCH).is_file():
            raise NotAProjectError(
                f"{shelf} holds files, and no batch.",
                fix="Choose another folder with --out; nothing in this one was touched.",
            )
        shelf.mkdir(parents=True, exist_ok=True)


def make_folder(folder: Path, settings: Settings) -> None:
    """Make a novel's folder with its `novel.toml`; one that is there already is kept.

    It may hold what the author has already, see `tools.authored`.
    A folder whose `novel.toml` was deleted gets a new one beside its database.

    Raises:
        NotAProjectError: The folder holds other files.
        ReadOnlyError, DiskFullError: It cannot be written.
    """
    with storage_errors(folder):
        ours = is_novel(folder) or (folder / DATABASE).is_file()
        if folder.exists() and not ours and not _only_authored(folder):
            raise NotAProjectError(
                f"{folder} holds files that are no novel of ours.",
                fix="Choose another folder with --out; nothing in this one was touched.",
            )
        folder.mkdir(parents=True, exist_ok=True)
        if not is_novel(folder):
            write_atomic(folder / TOML, novel_toml(settings).encode("utf-8"))


def _only_authored(folder: Path) -> bool:
    """Whether it is a folder with nothing in it but what an author has."""
    return folder.is_dir() and all(path.name in AUTHORED for path in folder.iterdir())
