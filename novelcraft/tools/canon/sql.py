"""The one statement that SQLite and PostgreSQL share but SQLAlchemy spells twice."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import Any, cast

from sqlalchemy import Connection, Executable, Table


def upsert(connection: Connection, table: Table, key: str, values: dict[str, Any]) -> None:
    """Insert a row, or overwrite the one that has the same key.

    Args:
        connection: An open write transaction.
        table: Where to.
        key: Columns of a unique constraint, separated by spaces.
        values: The whole row.
    """
    statement = _upsert(connection.dialect.name, table, tuple(key.split()), tuple(values))
    connection.execute(statement, values)


@cache
def _upsert(
    dialect: str, table: Table, keys: tuple[str, ...], columns: tuple[str, ...]
) -> Executable:
    # The dialect that is in use is loaded already; to load the other one too takes a while.
    insert = import_module(f"sqlalchemy.dialects.{dialect}").insert(table)
    others = {name: insert.excluded[name] for name in columns if name not in keys}
    return cast(Executable, insert.on_conflict_do_update(index_elements=keys, set_=others))
