"""A batch in PostgreSQL: its tables, the novels' schemas, and the leases."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from novelcraft.errors import (
    DatabaseGoneError,
    InputError,
    LeaseLostError,
    NewerDatabaseError,
    NotAProjectError,
    ReadOnlyError,
)
from novelcraft.graphs.batch.submitting import follow
from novelcraft.state.batch import BatchEvent, BatchNotice, BatchRow, RowProgress
from novelcraft.tools.batch.shared import (
    Lease,
    free_novels,
    open_novel_store,
    open_shared,
)
from novelcraft.tools.batch.store import BatchStore
from novelcraft.tools.canon.engine import database_url
from novelcraft.tools.canon.store import ManuscriptStore
from tests import factories
from tests.graphs.batch.proxy import Wire
from tests.tools.canon.conftest import begin

SHORT = 0.3
"""Seconds of a lease that is to run out."""
LONG = 60.0


def row(name: str) -> BatchRow:
    return BatchRow(name=name, settings={"novel": {"premise": "Bees"}})


@pytest.fixture
def store(database: str) -> Iterator[BatchStore]:
    """A batch of two novels."""
    with open_shared(database) as opened:
        opened.take([row("a"), row("b")], [])
        yield opened


def taken(store: BatchStore, name: str, seconds: float = LONG) -> Lease:
    lease = Lease.take(store, name, seconds)
    assert lease is not None
    return lease


def novel(database: str, lease: Lease | None = None) -> ManuscriptStore:
    guard = lease.guard if lease else None
    return open_novel_store(database, 1, "0" * 32, guard=guard, idle_seconds=LONG)


def test_the_batch_is_there_for_whoever_opens_it(database: str, store: BatchStore) -> None:
    store.set_budget(7.5)
    store.note("b", RowProgress(status="failed", cost=0.5, prompt_tokens=5_000_000_000))
    with open_shared(database) as other:
        assert [entry.row.name for entry in other.entries()] == ["a", "b"]
        assert (other.budget, other.spent()) == (7.5, 0.5)
        number, entry = other.entry("b")
        assert (number, entry.standing.status) == (2, "failed")
        other.reopen()
        assert free_novels(other) == ["a", "b"]


def test_many_open_an_empty_database_at_once(database: str) -> None:
    faults: list[Exception] = []

    def open_it() -> None:
        try:
            open_shared(database).close()
        except Exception as error:
            faults.append(error)

    threads = [threading.Thread(target=open_it) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not faults


def test_a_novel_has_one_holder(store: BatchStore) -> None:
    lease = taken(store, "a")
    assert Lease.take(store, "a", LONG) is None
    assert free_novels(store) == ["b"]
    lease.release()
    assert taken(store, "a").epoch == lease.epoch + 1


def test_a_lease_is_prolonged_while_it_lasts_and_never_after(store: BatchStore) -> None:
    lease = taken(store, "a")
    assert lease.renew()
    assert Lease.take(store, "a", LONG) is None
    lease.seconds = SHORT
    assert lease.renew()
    time.sleep(2 * SHORT)
    assert lease.expired
    assert not lease.renew(), "it must not come back to life, though nobody took the novel"
    assert free_novels(store) == ["a", "b"]


def test_a_worker_that_slept_past_its_lease_commits_nothing(
    database: str, store: BatchStore
) -> None:
    first, second = factories.chain(2)
    with novel(database) as made:
        begin(made)
        made.commit("main", first)
    asleep = taken(store, "a", SHORT)
    with novel(database, asleep) as before:
        time.sleep(2 * SHORT)
        # Its lease ran out: nothing more, even though nobody else has the novel.
        with pytest.raises(LeaseLostError, match="a in epoch 1"):
            before.commit("main", second)
        awake = taken(store, "a")
        with novel(database, awake) as after:
            with pytest.raises(LeaseLostError):
                before.commit("main", second)
            with pytest.raises(LeaseLostError):
                store.note("a", RowProgress(status="failed"), guard=asleep.guard)
            assert after.branch("main").head == first.id
            after.commit("main", second)
            assert after.branch("main").head == second.id
    assert store.entry("a")[1].standing.status == "waiting"


def test_the_next_holder_waits_for_a_commit_that_is_under_way(
    database: str, store: BatchStore
) -> None:
    lease = taken(store, "a", 2.0)
    taken_at: list[float] = []

    def take() -> None:
        time.sleep(2.2)
        assert Lease.take(store, "a", LONG) is not None
        taken_at.append(time.monotonic())

    waiting = threading.Thread(target=take)
    waiting.start()
    with store.database.write() as connection:
        lease.guard(connection)
        time.sleep(3.0)
        connection.execute(text("SELECT 1"))
        ended = time.monotonic()
    waiting.join()
    assert taken_at[0] > ended


def test_a_transaction_that_fell_asleep_does_not_hold_up_the_next(
    database: str, store: BatchStore
) -> None:
    novel(database).close()
    lease = taken(store, "a", 3.0)
    opened = open_novel_store(database, 1, "0" * 32, guard=lease.guard, idle_seconds=0.5)

    def fall_asleep() -> None:
        with opened._db.write() as connection:
            time.sleep(1.5)
            connection.execute(text("SELECT 1"))

    with opened, pytest.raises(DatabaseGoneError):
        fall_asleep()
    time.sleep(max(0.0, lease.renewed + 3.1 - time.monotonic()))
    assert taken(store, "a").epoch == 2


def test_novels_have_schemas_of_their_own(database: str, store: BatchStore) -> None:
    for number in (1, 2):
        with open_novel_store(database, number, f"{number}" * 32, guard=None, idle_seconds=9) as s:
            assert s.novel_id == f"{number}" * 32
    with novel(database) as again:
        assert again.novel_id == "1" * 32


def change(database: str, *statements: str) -> None:
    """What another program does to a database."""
    engine = create_engine(database, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for statement in statements:
            connection.execute(text(statement))
    engine.dispose()


def test_a_database_whose_schema_is_another_programs(database: str) -> None:
    change(database, "CREATE SCHEMA novelcraft", "CREATE TABLE novelcraft.letters (id int)")
    with pytest.raises(NotAProjectError, match="holds no batch"):
        open_shared(database)


def test_a_database_of_a_newer_version(database: str, store: BatchStore) -> None:
    change(database, "UPDATE novelcraft.batch_version SET version = 99")
    with pytest.raises(NewerDatabaseError, match="version 99"):
        open_shared(database)


def test_a_database_that_can_only_be_read(database: str, store: BatchStore) -> None:
    name = database_url(database).database
    change(database, f'ALTER DATABASE "{name}" SET default_transaction_read_only = on')
    with pytest.raises(ReadOnlyError, match="cannot be written"):
        open_shared(database)


async def test_a_database_that_goes_while_its_batch_is_followed(database: str) -> None:
    with Wire(database) as wire, open_shared(wire.url) as batch, open_shared(database) as direct:
        batch.take([row("a")], [])
        events: asyncio.Queue[BatchEvent] = asyncio.Queue()
        following = asyncio.create_task(follow(batch, events.put_nowait))
        await asyncio.sleep(0.1)
        assert not following.done()
        wire.cut()
        assert "cannot be reached" in str(await events.get())
        direct.note("a", RowProgress(status="finished", scenes=3))
        wire.mend()
        assert await events.get() == BatchNotice(text="The database is there again.")
        await following
        assert [events.get_nowait().kind for _ in range(2)] == ["novel_grew", "novel_ended"]


async def test_a_database_that_does_not_come_back_is_not_waited_for_without_end(
    database: str,
) -> None:
    with Wire(database) as wire, open_shared(wire.url) as batch:
        batch.take([row("a")], [])
        following = asyncio.create_task(follow(batch, lambda _event: None, patience=0.0))
        await asyncio.sleep(0.1)
        wire.cut()
        with pytest.raises(DatabaseGoneError, match="cannot be reached"):
            await following


def test_a_batch_of_ten_thousand_rows(database: str, store: BatchStore) -> None:
    many = [row(f"n{number}") for number in range(10_000)]
    store.take(many, [])
    assert [entry.row for entry in store.entries()][2:] == many
    assert store.compare(many) == ([], [])
    assert len(free_novels(store)) == 10_002


def test_a_database_that_is_none_or_is_gone(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is no PostgreSQL database"):
        open_shared(str(tmp_path / "batch.db"))
    with pytest.raises(DatabaseGoneError, match="cannot be reached"):
        open_shared(f"postgresql://me:secret@/novels?host={tmp_path}")
