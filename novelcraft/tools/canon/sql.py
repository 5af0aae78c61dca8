"""The one statement that SQLite and PostgreSQL share but SQLAlchemy spells twice."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from sqlalchemy import Connection, Table


def upsert(connection: Connection, table: Table, key: str, values: dict[str, Any]) -> None:
    """Insert a row, or overwrite the one that has the same key.

    Args:
        connection: An open write transaction.
        table: Where to.
        key: Columns of a unique constraint, separated by spaces.
        values: The whole row.
    """
    # The dialect that is in use is loaded already; to load the other one too takes a while.
    dialect = import_module(f"sqlalchemy.dialects.{connection.dialect.name}")
    keys = key.split()
    connection.execute(
        dialect.insert(table)
        .values(values)
        .on_conflict_do_update(
            index_elements=keys,
            set_={name: value for name, value in values.items() if name not in keys},
        )
    )
