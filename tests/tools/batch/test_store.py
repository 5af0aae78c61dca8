"""The table of a batch."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from novelcraft.errors import (
    DamagedDatabaseError,
    InputError,
    NewerDatabaseError,
    NotAProjectError,
)
from novelcraft.state.batch import BatchRow, RowProgress
from novelcraft.tools.batch.store import BatchStore
from novelcraft.tools.canon.store import ManuscriptStore


def row(name: str, cap: float | None = None, **novel: Any) -> BatchRow:
    return BatchRow(name=name, settings={"novel": {"premise": "Bees", **novel}}, cap=cap)


def test_rows_stay_with_their_standings(tmp_path: Path) -> None:
    with BatchStore(tmp_path / "b.db") as store:
        store.take([row("a", pages=3), row("b", cap=1.5)], [])
        standing = RowProgress(status="failed", words=9, cost=0.25, error="no server")
        store.note("b", standing)
    with BatchStore(tmp_path / "b.db") as store:
        entries = store.entries()
        assert [entry.row for entry in entries] == [row("a", pages=3), row("b", cap=1.5)]
        assert [entry.standing for entry in entries] == [RowProgress(), standing]
        assert [entry.row.name for entry in store.entries("failed", "paused")] == ["b"]


def test_the_same_rows_again_change_nothing(tmp_path: Path) -> None:
    with BatchStore(tmp_path / "b.db") as store:
        store.take([row("a")], [])
        assert store.compare([row("a"), row("b")]) == ([row("b")], [])


def test_a_changed_row_says_what_it_would_change(tmp_path: Path) -> None:
    narrator = {"narrator": {"model": "openai:x"}}
    with BatchStore(tmp_path / "b.db") as store:
        store.take([row("a", pages=3, style="dry")], [])
        store.note("a", RowProgress(status="failed", error="no server"))
        other = BatchRow(
            name="a",
            settings={"novel": {"premise": "Bees", "pages": 5}, "roles": narrator},
            cap=2.0,
        )
        _, (change,) = store.compare([other])
        assert change.lines() == [
            "cap: unset → 2.0",
            "[novel] pages: 3 → 5",
            "[novel] style: dry → unset",
            "[roles.narrator] model: unset → openai:x",
        ]
        assert change.values()[("novel", "style")] is None
        store.take([], [change])
        (entry,) = store.entries()
    assert entry.row == other
    assert (entry.standing.status, entry.standing.error) == ("waiting", "")


@pytest.mark.parametrize("key", ["premise", "seed", "chapters"])
def test_a_begun_novel_keeps_what_it_rests_on(tmp_path: Path, key: str) -> None:
    novel = {"premise": "Bees", key: "Wasps" if key == "premise" else 7}
    changed = BatchRow(name="a", settings={"novel": novel})
    with BatchStore(tmp_path / "b.db") as store:
        store.take([row("a")], [])
        assert store.compare([changed])[1]
        store.note("a", RowProgress(status="waiting", scenes=1))
        with pytest.raises(InputError, match=f"a was begun with {key} = "):
            store.compare([changed])
        assert store.compare([row("a", pages=9)])[1][0].begun


def test_the_authors_files_stay_with_a_row(tmp_path: Path) -> None:
    mine, other = (
        row("a").model_copy(update={"authored": {"cast.md": s}}) for s in ("Mara", "Jon")
    )
    with BatchStore(tmp_path / "b.db") as store:
        store.take([mine], [])
        assert store.entries()[0].row == mine
        assert store.compare([row("a")]) == ([], []), "a machine without the file changes nothing"
        _, (change,) = store.compare([other])
        assert change.lines() == ["cast.md: Mara → Jon"]
        store.note("a", RowProgress(status="writing"))
        with pytest.raises(InputError, match=r"a was begun with another cast\.md"):
            store.compare([other])
        assert store.compare([mine]) == ([], [])


def test_a_table_of_the_first_version_gets_what_it_lacks(tmp_path: Path) -> None:
    with BatchStore(tmp_path / "b.db") as store:
        store.take([row("a")], [])
    with closing(sqlite3.connect(tmp_path / "b.db")) as connection:
        connection.execute("ALTER TABLE batch_novels DROP COLUMN authored")
        connection.execute("UPDATE batch_version SET version = 1")
        connection.commit()
    for _ in range(2):
        with BatchStore(tmp_path / "b.db") as store:
            assert [entry.row for entry in store.entries()] == [row("a")]


def test_a_database_that_is_no_batchs(tmp_path: Path) -> None:
    ManuscriptStore.create(tmp_path / "novel.db").close()
    with pytest.raises(NotAProjectError, match="holds no batch"):
        BatchStore(tmp_path / "novel.db")
    (tmp_path / "broken.db").write_bytes(b"SQLite format 3\0" + b"x" * 5000)
    with pytest.raises(DamagedDatabaseError):
        BatchStore(tmp_path / "broken.db")
    BatchStore(tmp_path / "newer.db").close()
    with closing(sqlite3.connect(tmp_path / "newer.db")) as connection:
        connection.execute("UPDATE batch_version SET version = 99")
        connection.commit()
    with pytest.raises(NewerDatabaseError, match="version 99"):
        BatchStore(tmp_path / "newer.db")
