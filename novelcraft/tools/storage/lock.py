"""The lock that keeps a folder to one run at a time."""

from __future__ import annotations

import fcntl
import json
import os
import socket
from datetime import UTC, datetime
from errno import ENOSPC
from pathlib import Path
from typing import NamedTuple, Self

from filelock import FileLock, Timeout

from novelcraft.errors import DiskFullError, ProjectBusyError, ReadOnlyError
from novelcraft.tools.storage.files import sweep_unfinished

LOCK_FILE = ".lock"
HOLDER_FILE = ".lock.holder"

PATIENCE = 0.2
"""Seconds that a lock is waited for: longer than `holder` takes to look."""


class Holder(NamedTuple):
    """The process that holds a folder. Its fields are empty where it did not come to say them."""

    pid: int = 0
    host: str = ""
    since: str = ""
    """UTC time, ISO 8601."""
    writes: str = ""
    """The branch that it writes, and whose acts it takes; empty where it takes none."""

    def __str__(self) -> str:
        return f"process {self.pid} on {self.host}" if self.pid else "another run"


def holder(folder: Path) -> Holder | None:
    """Who holds a folder now; None for nobody, also where one died that did.

    Any process may ask, and keeps no lock from anybody by it.
    """
    try:
        lock = os.open(folder / LOCK_FILE, os.O_RDONLY)
    except OSError:
        return None
    try:
        fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return _named_holder(folder)
    finally:
        os.close(lock)
    return None


def _named_holder(folder: Path) -> Holder:
    try:
        return Holder(**json.loads((folder / HOLDER_FILE).read_text("utf-8")))
    except (OSError, TypeError, ValueError):
        return Holder()


class ProjectLock:
    """Holds the folder of a novel, or of data, while a run writes to it.

    The operating system lets go of the lock when its process ends, however it ends. Files that
    a killed run was writing are removed by the next one that takes the lock. Who holds it is told
    in a file of its own.

    Args:
        folder: What is held.
        writes: See `Holder`.

    Raises (on entry):
        ProjectBusyError: Another process, or another lock in this one, holds the folder.
        ReadOnlyError: The folder cannot be written.
        DiskFullError: There is no room for the lock's file.
    """

    def __init__(self, folder: Path, *, writes: str = "") -> None:
        self._folder = folder
        self._writes = writes
        self._holder = folder / HOLDER_FILE
        self._lock = FileLock(folder / LOCK_FILE, timeout=PATIENCE)

    def __enter__(self) -> Self:
        try:
            self._lock.acquire()
        except Timeout as error:
            raise ProjectBusyError(
                f"{self._folder} is in use by {_named_holder(self._folder)}.",
                fix="Wait until that run ends, or end it.",
            ) from error
        except OSError as error:
            raise self._refused(error) from error
        try:
            self._name_holder()
        except OSError as error:
            self._lock.release()
            raise self._refused(error) from error
        sweep_unfinished(self._folder)
        return self

    def __exit__(self, *_: object) -> None:
        self._holder.unlink(missing_ok=True)
        self._lock.release()

    def _name_holder(self) -> None:
        since = datetime.now(UTC).isoformat(timespec="seconds")
        mine = Holder(os.getpid(), socket.gethostname(), since, self._writes)
        whole = self._holder.with_name(f"{HOLDER_FILE}.new")
        whole.write_text(json.dumps(mine._asdict()), "utf-8")
        whole.replace(self._holder)

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
