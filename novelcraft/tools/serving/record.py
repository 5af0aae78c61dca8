"""What `serve` has running, written down for `status` and for the next `serve`."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import ValidationError

from novelcraft.state.base import Frozen
from novelcraft.tools.serving.catalog import ServedRole
from novelcraft.tools.storage.files import write_atomic


class RunningServer(Frozen):
    """A server that was started."""

    roles: tuple[ServedRole, ...]
    url: str
    model: str
    adapters: tuple[str, ...]
    pid: int
    """Of the process, and of its group."""
    log: str

    @property
    def port(self) -> int:
        """Where it listens."""
        return urlsplit(self.url).port or 0

    @property
    def alive(self) -> bool:
        """Whether a process of that number lives."""
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return False
        except PermissionError:
            return True
        return True


class ServingRecord:
    """The record: a file for each server, as several `serve` may run at once.

    Args:
        folder: Where it is kept; need not exist to be read.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read(self) -> tuple[RunningServer, ...]:
        """The servers that were started and still live, by their ports."""
        servers = (_read(file) for file in sorted(self._folder.glob("*.json")))
        return tuple(server for server in servers if server is not None and server.alive)

    def at(self, port: int) -> RunningServer | None:
        """The one that listens at a port."""
        return next((server for server in self.read() if server.port == port), None)

    def add(self, server: RunningServer) -> None:
        """Write down that a server runs.

        Raises:
            DiskFullError, ReadOnlyError, ExportError: It cannot be written.
        """
        write_atomic(self._file(server), server.model_dump_json(indent=2).encode())

    def remove(self, server: RunningServer) -> None:
        """Strike out a server that has ended."""
        self._file(server).unlink(missing_ok=True)

    def _file(self, server: RunningServer) -> Path:
        return self._folder / f"{server.port}.json"


def _read(file: Path) -> RunningServer | None:
    try:
        return RunningServer.model_validate_json(file.read_bytes())
    except (OSError, ValidationError):
        return None
