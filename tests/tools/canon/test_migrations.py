"""The migrations make the very tables that the code describes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, inspect

from novelcraft.tools.canon.engine import Database, known_revisions, upgrade
from novelcraft.tools.canon.tables import SCHEMA_REVISION, metadata
from tests import postgres


def test_migrated_tables_are_the_described_ones(target: str) -> None:
    database = Database(target)
    with database.write() as connection:
        upgrade(connection)
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
    database.close()


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_new_database_has_the_tables_that_migrations_make(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    made = []
    for name, make in (("migrated", upgrade), ("described", None)):
        target = str(tmp_path / name)
        if kind == "postgresql":
            url = request.getfixturevalue("postgres_url")
            target = postgres.new_schema(url, f"{name}_{uuid4().hex}")
        database = Database(target)
        with database.write() as connection:
            if make is not None:
                make(connection)
            else:
                database.migrate()
            made.append(description(connection))
        database.require_current()
        database.close()
    assert made[0] == made[1]


def description(connection: Connection) -> dict[str, Any]:
    """Everything that a database says of its tables, whatever the order of their columns."""
    said, tables = inspect(connection), {}
    for table in said.get_table_names():
        columns = {c.pop("name"): repr(c) for c in map(dict, said.get_columns(table))}
        tables[table] = {
            "columns": columns,
            "key": said.get_pk_constraint(table),
            "foreign keys": sorted(map(repr, said.get_foreign_keys(table))),
            "indexes": sorted(map(repr, said.get_indexes(table))),
            "unique": sorted(map(repr, said.get_unique_constraints(table))),
            "checks": sorted(map(repr, said.get_check_constraints(table))),
        }
    return tables


def test_migrating_again_changes_nothing(target: str) -> None:
    database = Database(target)
    found = []
    for _ in range(2):
        database.migrate()
        with database.read() as connection:
            found.append(inspect(connection).get_table_names())
    assert found[0] == found[1]
    assert found[0]
    database.require_current()
    database.close()


def test_a_migration_that_fails_leaves_nothing(target: str) -> None:
    database = Database(target)
    try:
        with database.write():
            database.migrate()
            raise RuntimeError
    except RuntimeError:
        pass
    with database.read() as connection:
        assert inspect(connection).get_table_names() == []
    database.close()


def test_the_newest_migration_is_named_in_the_tables() -> None:
    scripts = ScriptDirectory("novelcraft/tools/canon/migrations")
    assert scripts.get_heads() == [SCHEMA_REVISION]
    assert SCHEMA_REVISION in known_revisions()


def test_the_tables_can_be_made_without_migrations() -> None:
    engine = create_engine("sqlite://")
    metadata.create_all(engine)
    assert set(inspect(engine).get_table_names()) == set(metadata.tables)
    engine.dispose()


def test_the_store_loads_neither_alembic_nor_chroma() -> None:
    code = (
        "import sys, novelcraft.tools.canon.store, novelcraft.tools.canon.recall\n"
        "heavy = {'alembic', 'chromadb', 'onnx', 'onnxruntime', 'tokenizers', 'numpy'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
