"""What a database's connections do when it is closed under a reader."""

from __future__ import annotations

import sqlite3
from typing import Any

import pytest
from sqlalchemy import Connection

from novelcraft.tools.canon.engine import Database
from novelcraft.tools.canon.store import ManuscriptStore


def lent(connection: Connection) -> Any:
    """The driver's own connection."""
    return connection.connection.dbapi_connection


def is_closed(connection: Any) -> bool:
    if not isinstance(connection, sqlite3.Connection):
        return bool(connection.closed)
    try:
        connection.execute("SELECT 1")
    except sqlite3.ProgrammingError:
        return True
    return False


@pytest.mark.parametrize("transaction", [Database.read, Database.write])
def test_a_connection_in_use_at_the_close_is_closed_when_it_comes_back(
    store: ManuscriptStore, transaction: Any
) -> None:
    with transaction(store.database) as connection:
        store.close()
        used = lent(connection)
        assert connection.exec_driver_sql("SELECT 7").scalar() == 7
    assert is_closed(used)


def test_a_read_that_begins_after_the_close_leaves_no_connection(store: ManuscriptStore) -> None:
    store.close()
    with store.database.read() as connection:
        used = lent(connection)
    assert is_closed(used)
