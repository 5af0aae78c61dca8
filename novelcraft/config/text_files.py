"""Text files that a person writes."""

from __future__ import annotations

from pathlib import Path

from novelcraft.errors import ConfigError, NovelcraftError


def read_text(path: Path, refused: type[NovelcraftError] = ConfigError) -> str:
    """The text of a UTF-8 file. A byte order mark is no part of it.

    Args:
        path: The file.
        refused: What to raise where it cannot be read.
    """
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise refused(f"{path}: there is no such file.", fix="Check the path.") from error
    except UnicodeDecodeError as error:
        raise refused(
            f"{path}: byte {error.start} is not UTF-8 text.", fix="Save the file as UTF-8."
        ) from error
    except OSError as error:
        raise refused(
            f"{path} cannot be read: {error.strerror}.", fix="Check the file and its permissions."
        ) from error
