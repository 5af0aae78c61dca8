"""Writing folders of weights, with errors that say what to do."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from novelcraft.tools.export import files

_OS_ERROR = "os error "


@contextmanager
def storage_errors(path: Path) -> Iterator[None]:
    """As `files.storage_errors`, also for the errors of the safetensors library.

    It is written in Rust and reports an error of the system in words, with its number.

    Raises:
        DiskFullError, ReadOnlyError, ExportError: As `files.storage_errors` says.
    """
    with files.storage_errors(path):
        try:
            yield
        except Exception as error:
            number = _number(error)
            if number is None:
                raise
            raise OSError(number, os.strerror(number), str(path)) from error


@contextmanager
def new_folder(folder: Path) -> Iterator[Path]:
    """A folder that is there as a whole or not at all: give one beside it to be filled.

    When the block ends, what it wrote is on the disk and in its place; when it fails, nothing of
    it stays.

    Raises:
        DiskFullError, ReadOnlyError, ExportError: It cannot be written.
    """
    partial = folder.with_name(f".writing-{folder.name}")
    with storage_errors(folder):
        shutil.rmtree(partial, ignore_errors=True)
        try:
            partial.mkdir(parents=True)
            yield partial
            sync_folder(partial)
            partial.rename(folder)
        except BaseException:
            shutil.rmtree(partial, ignore_errors=True)
            raise


def sync_folder(folder: Path) -> None:
    """Wait until a folder and the files in it are on the disk."""
    for path in (*(file for file in folder.iterdir() if file.is_file()), folder):
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        except OSError as error:
            # A folder cannot be synchronised on every system.
            if error.errno != errno.EINVAL:
                raise
        finally:
            os.close(handle)


def _number(error: Exception) -> int | None:
    if isinstance(error, OSError) or type(error).__name__ != "SafetensorError":
        return None
    digits = str(error).rpartition(_OS_ERROR)[2].partition(")")[0]
    return int(digits) if digits.isdigit() else None
