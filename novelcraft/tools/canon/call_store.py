"""A log of model calls without a novel: what preparation remembers of its models."""

from __future__ import annotations

from pathlib import Path
from typing import Self

from novelcraft.tools.canon.calls import Calls
from novelcraft.tools.canon.engine import Database, require_writable


class CallStore(Calls):
    """A database that is used for nothing but the log of calls; made when it is not there.

    Raises (any method):
        ReadOnlyError, DiskFullError, DamagedDatabaseError, NewerDatabaseError, ProjectBusyError:
            As for `ManuscriptStore`.
    """

    def __init__(self, path: Path) -> None:
        require_writable(path)
        self._db = Database(path)
        try:
            self._db.require_sound()
            # Also what a run that was killed while it made the tables left half done.
            self._db.migrate()
        except BaseException:
            self._db.close()
            raise

    def close(self) -> None:
        """Close all connections. The store must not be used afterwards."""
        self._db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
