"""What a novel's folder is. Light to import, so that wrong input is answered at once."""

from __future__ import annotations

from pathlib import Path

from novelcraft.config.root import Settings
from novelcraft.config.template import novel_toml
from novelcraft.errors import NotAProjectError
from novelcraft.tools.storage.files import storage_errors, write_atomic

TOML = "novel.toml"
DATABASE = "novel.db"


def is_novel(folder: Path) -> bool:
    """Whether a folder is a novel's."""
    return (folder / TOML).is_file()


def make_folder(folder: Path, settings: Settings) -> None:
    """Make a novel's folder with its `novel.toml`; one that is there already is kept.

    Raises:
        NotAProjectError: The folder holds other files.
        ReadOnlyError, DiskFullError: It cannot be written.
    """
    with storage_errors(folder):
        if folder.exists() and not is_novel(folder) and any(folder.iterdir()):
            raise NotAProjectError(
                f"{folder} holds files that are no novel of ours.",
                fix="Choose another folder with --out; nothing in this one was touched.",
            )
        folder.mkdir(parents=True, exist_ok=True)
        if not is_novel(folder):
            write_atomic(folder / TOML, novel_toml(settings).encode("utf-8"))
