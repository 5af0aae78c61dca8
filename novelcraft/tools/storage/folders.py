"""Writing a folder whole or not at all, with errors that say what to do."""

from __future__ import annotations

import errno
import os
import shutil
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from novelcraft.tools.storage.files import is_left_over, storage_errors


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


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """An empty folder for as long as the block runs, where the system keeps what is temporary.

    Those of killed programs of this machine are removed: nobody else would.

    Raises:
        DiskFullError, ReadOnlyError, ExportError: It cannot be made.
    """
    place = Path(tempfile.gettempdir())
    mine = f"novelcraft-{socket.gethostname()}-"
    for path in place.glob(f"{mine}*"):
        if is_left_over(path, mine):
            shutil.rmtree(path, ignore_errors=True)
    with storage_errors(place):
        folder = Path(tempfile.mkdtemp(prefix=f"{mine}{os.getpid()}-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


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
