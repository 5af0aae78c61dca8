"""What can be wrong with a novel's database, and what the person is told."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, event

from novelcraft.errors import (
    DamagedDatabaseError,
    DiskFullError,
    NewerDatabaseError,
    NotAProjectError,
    ProjectBusyError,
    ProjectError,
    ReadOnlyError,
)
from novelcraft.state.manuscript import SceneCommit
from novelcraft.tools.canon.call_store import CallStore
from novelcraft.tools.canon.store import ManuscriptStore
from tests import factories
from tests.tools.canon.conftest import begin
from tests.tools.children import Children, create_store, open_store


def change(path: Path, statement: str, *values: object) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(statement, values)


def test_a_newer_database(path: Path) -> None:
    change(path, "UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(NewerDatabaseError, match="9999") as caught:
        ManuscriptStore.open(path)
    assert "pip install --upgrade" in caught.value.fix


def test_a_newer_log_of_calls(tmp_path: Path) -> None:
    path = tmp_path / "prep.db"
    CallStore(path).close()
    change(path, "UPDATE alembic_version SET version_num = '9999'")
    before = path.read_bytes()
    with pytest.raises(NewerDatabaseError, match="9999"):
        CallStore(path)
    assert path.read_bytes() == before


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(NotAProjectError, match=r"nothing\.db"):
        ManuscriptStore.open(tmp_path / "nothing.db")
    assert list(tmp_path.iterdir()) == []


def test_a_database_of_something_else(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    change(path, "CREATE TABLE recipes (name TEXT)")
    with pytest.raises(NotAProjectError, match="holds no novel"):
        ManuscriptStore.open(path)


def test_a_novel_is_not_made_over_another(path: Path) -> None:
    with pytest.raises(NotAProjectError, match="exists already"):
        ManuscriptStore.create(path)
    with ManuscriptStore.open(path) as store:
        assert len(store.chain(store.branch("main").head)) == 3


def test_a_database_url_that_is_taken(store: ManuscriptStore, target: str) -> None:
    with pytest.raises(NotAProjectError, match="exists already"):
        ManuscriptStore.create(target)


def test_no_postgresql_server() -> None:
    with pytest.raises(ProjectError, match="postgresql"):
        ManuscriptStore.open("postgresql+psycopg://u:secret@/db?host=/nowhere")


def test_a_url_keeps_its_password_to_itself() -> None:
    with pytest.raises(ProjectError) as caught:
        ManuscriptStore.open("postgresql+psycopg://u:secret@/db?host=/nowhere")
    assert "secret" not in str(caught.value)


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    path = tmp_path / "novel.db"
    path.write_text("Once upon a time, " * 500)
    with pytest.raises(DamagedDatabaseError, match="not a database"):
        ManuscriptStore.open(path)


def test_what_a_killed_creation_left_is_cleared_away(tmp_path: Path) -> None:
    (tmp_path / ".novel.db.new").write_text("half")
    (tmp_path / ".novel.db.new-wal").write_text("log")
    ManuscriptStore.create(tmp_path / "novel.db").close()
    assert [p.name for p in tmp_path.iterdir()] == ["novel.db"]


def _cut_in_half(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def _overwrite_middle(path: Path) -> None:
    with path.open("r+b") as file:
        file.seek(path.stat().st_size // 3)
        file.write(b"\xa5" * 8192)


@pytest.mark.parametrize("damage", [_cut_in_half, _overwrite_middle])
def test_a_damaged_file(path: Path, damage: Callable[[Path], None]) -> None:
    damage(path)
    with pytest.raises(DamagedDatabaseError, match=r"novel\.db"):
        ManuscriptStore.open(path)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE commits SET prose = CAST(x'ff41' AS TEXT)",
        "UPDATE commits SET provenance = '{\"model\": '",
        "UPDATE commits SET provenance = '{}'",
        "UPDATE commits SET accepted_by = 'nobody'",
    ],
)
def test_content_that_cannot_have_been_written(path: Path, statement: str) -> None:
    change(path, statement)
    with ManuscriptStore.open(path) as store, pytest.raises(DamagedDatabaseError):
        store.chain(store.branch("main").head)


def test_a_read_only_file(children: Children, path: Path, open_folder: Path) -> None:
    copy = open_folder / "novel.db"
    shutil.copy(path, copy)
    copy.chmod(0o444)
    open_folder.chmod(0o777)
    assert children.exit_code(open_store, copy) == ReadOnlyError.exit_code


def test_a_read_only_folder(children: Children, path: Path, open_folder: Path) -> None:
    copy = open_folder / "novel.db"
    shutil.copy(path, copy)
    copy.chmod(0o666)
    open_folder.chmod(0o555)
    assert children.exit_code(open_store, copy) == ReadOnlyError.exit_code
    assert children.exit_code(create_store, open_folder / "new.db") == ReadOnlyError.exit_code


class Limits:
    """Bounds that tests put on SQLite, in force from the next transaction on."""

    pages = 1 << 30
    busy_ms = 30_000

    def apply(self, connection: Connection) -> None:
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql(f"PRAGMA max_page_count={self.pages}")

    def wait(self, connection: Any, _record: object) -> None:
        connection.execute(f"PRAGMA busy_timeout={self.busy_ms}")


@pytest.fixture
def limits() -> Iterator[Limits]:
    limits = Limits()
    event.listen(Engine, "begin", limits.apply)
    event.listen(Engine, "connect", limits.wait)
    yield limits
    event.remove(Engine, "begin", limits.apply)
    event.remove(Engine, "connect", limits.wait)


def long_commit(parent: SceneCommit | None, position: int) -> SceneCommit:
    return factories.commit(position, parent, prose=f"Scene {position}. " + "word " * 40_000)


def fill(store: ManuscriptStore) -> tuple[list[SceneCommit], SceneCommit]:
    """Commit until the disk is full: what was committed, and what could not be."""
    made: list[SceneCommit] = []
    for position in range(1, 100):
        commit = long_commit(made[-1] if made else None, position)
        try:
            made.append(store.commit("main", commit))
        except DiskFullError:
            return made, commit
    raise AssertionError("the disk never got full")


def test_a_full_disk_loses_nothing_and_the_store_goes_on(tmp_path: Path, limits: Limits) -> None:
    with ManuscriptStore.create(tmp_path / "novel.db") as store:
        begin(store)
        limits.pages = 300
        made, refused = fill(store)
        assert made
        assert store.chain(store.branch("main").head) == made
        limits.pages = 1 << 30
        made.append(store.commit("main", refused))
        assert store.chain(store.branch("main").head) == made


def test_a_disk_that_is_really_full(small_disk: Path) -> None:
    ballast = small_disk / "ballast"
    ballast.write_bytes(bytes(250_000))
    with ManuscriptStore.create(small_disk / "novel.db") as store:
        begin(store)
        made, refused = fill(store)
        ballast.unlink()
        made.append(store.commit("main", refused))
        assert store.chain(store.branch("main").head) == made


def test_no_room_to_begin(small_disk: Path) -> None:
    (small_disk / "ballast").write_bytes(bytes((1 << 20) - 8192))
    with pytest.raises(DiskFullError, match="No space left"):
        ManuscriptStore.create(small_disk / "novel.db")
    assert not (small_disk / "novel.db").exists()


def test_a_database_that_another_process_writes(path: Path, limits: Limits) -> None:
    limits.busy_ms = 0
    with (
        closing(sqlite3.connect(path, isolation_level=None)) as other,
        ManuscriptStore.open(path) as store,
    ):
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(ProjectBusyError, match="another process"):
            store.exempt("a", "b")
        assert store.exemptions() == set()
        other.execute("ROLLBACK")
        store.exempt("a", "b")
        assert store.exemptions() == {"a"}
