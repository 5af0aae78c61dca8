"""Where a person left a novel's room, so that it opens there again. Pure of Textual."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from pydantic import ValidationError

from novelcraft.errors import NovelcraftError
from novelcraft.state.base import Frozen
from novelcraft.tools.storage.files import write_atomic

FILE = ".room.json"
"""In the novel's folder."""


class LeftAt(Frozen):
    """A place in a room."""

    tab: str = "writing"
    scene: int = 0
    """Number of the scene under the outline's cursor; 0 for none."""


def read_place(folder: Path) -> LeftAt:
    """Where the room was left last; its first page where that is not known."""
    try:
        return LeftAt.model_validate_json((folder / FILE).read_bytes())
    except (OSError, ValidationError):
        return LeftAt()


def keep_place(folder: Path, place: LeftAt) -> None:
    """Remember where the room is left; a folder that cannot be written forgets it."""
    if place != read_place(folder):
        with suppress(OSError, NovelcraftError):
            write_atomic(folder / FILE, place.model_dump_json().encode())
