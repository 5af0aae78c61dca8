"""A disk that is full, for real."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path


def fill(place: Path) -> Path:
    """Fill a file system to its last byte; gives the file to delete for room again."""
    ballast = place / "ballast"
    with ballast.open("wb", buffering=0) as file, suppress(OSError):
        while file.write(b"x" * 4096):
            pass
    return ballast
