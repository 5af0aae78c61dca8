"""The migrations make the very tables that the code describes."""

from __future__ import annotations

import subprocess
import sys

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, inspect

from novelcraft.tools.canon.engine import Database, known_revisions
from novelcraft.tools.canon.tables import SCHEMA_REVISION, metadata


def test_migrated_tables_are_the_described_ones(target: str) -> None:
    database = Database(target)
    with database.write() as connection:
        database.migrate()
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
    database.close()


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
