"""What the errors of SQLite and PostgreSQL mean to the person whose novel it is."""

from __future__ import annotations

from typing import Any

from sqlalchemy.exc import DBAPIError

from novelcraft.errors import (
    DamagedDatabaseError,
    DatabaseGoneError,
    DiskFullError,
    ProjectBusyError,
    ProjectError,
    ReadOnlyError,
)

_FIXES: dict[type[ProjectError], tuple[str, str]] = {
    ReadOnlyError: (
        "{name} cannot be written: {reason}.",
        "Change the permissions of the file and its folder, or copy the novel elsewhere.",
    ),
    DiskFullError: (
        "No space left for {name}: {reason}.",
        "Free some space and run the same command again; nothing that was accepted is lost.",
    ),
    DamagedDatabaseError: (
        "{name} is damaged, or is no database: {reason}.",
        "Restore it from a backup. `sqlite3 novel.db .recover` may save what can be read.",
    ),
    ProjectBusyError: (
        "{name} is being written by another process: {reason}.",
        "Wait until the other run ends, or end it.",
    ),
    DatabaseGoneError: (
        "{name} cannot be reached: {reason}.",
        "Check the URL, and that the server runs and can be reached from here.",
    ),
    ProjectError: (
        "{name} cannot be used: {reason}.",
        "Check the path or URL, and that the database can be reached.",
    ),
}

_SQLITE: tuple[tuple[str, type[ProjectError]], ...] = (
    ("SQLITE_FULL", DiskFullError),
    ("SQLITE_IOERR_SHMSIZE", DiskFullError),
    ("SQLITE_READONLY", ReadOnlyError),
    ("SQLITE_PERM", ReadOnlyError),
    ("SQLITE_CORRUPT", DamagedDatabaseError),
    ("SQLITE_NOTADB", DamagedDatabaseError),
    ("SQLITE_FORMAT", DamagedDatabaseError),
    ("SQLITE_IOERR_SHORT_READ", DamagedDatabaseError),
    ("SQLITE_BUSY", ProjectBusyError),
    ("SQLITE_CANTOPEN", ProjectError),
    ("SQLITE_IOERR", ProjectError),
)
"""By the beginning of the error's name, the first that fits."""

_POSTGRESQL: tuple[tuple[str, type[ProjectError]], ...] = (
    ("53100", DiskFullError),
    ("25006", ReadOnlyError),
    ("42501", ReadOnlyError),
    ("XX001", DamagedDatabaseError),
    ("XX002", DamagedDatabaseError),
    ("55P03", ProjectBusyError),
    ("08", DatabaseGoneError),
    ("28", ProjectError),
    ("3D", ProjectError),
    ("57P", DatabaseGoneError),
    ("25P03", DatabaseGoneError),
)
"""By the beginning of the SQLSTATE."""


def meaning_of(error: DBAPIError, name: str) -> ProjectError | None:
    """The error to raise in place of a driver's, or None where it is a fault of this program.

    Args:
        error: What SQLAlchemy raised.
        name: The database, as the person knows it.
    """
    kind = _kind(error)
    if kind is None:
        return None
    return _error(kind, name, error.orig)


def damaged(name: str, reason: object) -> ProjectError:
    """The error for a database that can be opened, but whose content cannot be what was written."""
    return _error(DamagedDatabaseError, name, reason)


def altered(name: str, what: str, fix: str = "") -> DamagedDatabaseError:
    """The error for content that was changed, or taken out, behind this program's back.

    Args:
        name: The database, as the person knows it.
        what: What is wrong, as a clause.
        fix: What can be done about it, when it is more than a backup.
    """
    return DamagedDatabaseError(
        f"In {name}, {what}.",
        fix=fix or "Restore the database from a backup.",
    )


def _error(kind: type[ProjectError], name: str, reason: object) -> ProjectError:
    message, fix = _FIXES[kind]
    brief = " ".join(str(reason).split()).rstrip(".")
    return kind(message.format(name=name, reason=brief), fix=fix)


def _kind(error: DBAPIError) -> type[ProjectError] | None:
    driver: Any = error.orig
    code = getattr(driver, "sqlite_errorname", None)
    if code is not None:
        return _first(code, _SQLITE)
    if "decode to UTF-8" in str(driver):
        # The driver's own complaint, which has no code: the bytes of a text are not text.
        return DamagedDatabaseError
    if error.connection_invalidated or hasattr(driver, "pgconn"):
        return _first(driver.sqlstate or "08", _POSTGRESQL)
    return None


def _first(
    code: str, table: tuple[tuple[str, type[ProjectError]], ...]
) -> type[ProjectError] | None:
    return next((kind for start, kind in table if code.startswith(start)), None)
