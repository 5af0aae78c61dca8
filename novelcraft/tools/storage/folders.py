"""Writing a folder whole or not at all, with errors that say what to do."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from novelcraft.tools.storage.files import storage_errors


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
