"""The lock that keeps a folder to one run at a time."""

from __future__ import annotations

import os
import socket
from errno import ENOSPC
from pathlib import Path
from types import TracebackType
from typing import Self

from filelock import FileLock, Timeout

from novelcraft.errors import DiskFullError, ProjectBusyError, ReadOnlyError
from novelcraft.tools.storage.files import sweep_unfinished

LOCK_FILE = ".lock"
HOLDER_FILE = ".lock.holder"


class ProjectLock:
    """Holds the folder of a novel, or of data, while a run writes to it.

    The operating system lets go of the lock when its process ends, however it ends. Files that
    a killed run was writing are removed by the next one that takes the lock. Who holds it is told
    in a file of its own.

    Raises (on entry):
        ProjectBusyError: Another process, or another lock in this one, holds the folder.
        ReadOnlyError: The folder cannot be written.
        DiskFullError: There is no room for the lock's file.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._holder = folder / HOLDER_FILE
        self._lock = FileLock(folder / LOCK_FILE, timeout=0)

    def __enter__(self) -> Self:
        try:
            self._lock.acquire()
        except Timeout as error:
            raise ProjectBusyError(
                f"{self._folder} is in use by {self._who()}.",
                fix="Wait until that run ends, or end it.",
            ) from error
        except OSError as error:
            raise self._refused(error) from error
        try:
            self._holder.write_text(f"process {os.getpid()} on {socket.gethostname()}", "utf-8")
        except OSError as error:
            self._lock.release()
            raise self._refused(error) from error
        sweep_unfinished(self._folder)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._holder.unlink(missing_ok=True)
        self._lock.release()

    def _who(self) -> str:
        try:
            return self._holder.read_text("utf-8") or "another run"
        except FileNotFoundError:
            return "another run"

    def _refused(self, error: OSError) -> ReadOnlyError | DiskFullError:
        if error.errno == ENOSPC:
            return DiskFullError(
                f"No space left in {self._folder}.",
                fix="Free some space and run the same command again.",
            )
        return ReadOnlyError(
            f"{self._folder} cannot be written: {error.strerror}.",
            fix="Change its permissions, or copy the novel to a folder that can be written.",
        )
