"""A power cut takes nothing that was accepted or paid for; what follows from it costs no sync."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import Connection, event

from novelcraft.state.events import Notice
from novelcraft.tools.canon.store import ManuscriptStore
from tests import factories
from tests.tools.canon.test_calls import record


def synced(store: ManuscriptStore, act: Callable[[], object]) -> list[bool]:
    """Whether each transaction of an act waited for the disk."""
    found: list[bool] = []
    asked = "PRAGMA synchronous" if store._db.sqlite else "SHOW synchronous_commit"

    def look(connection: Connection) -> None:
        if connection.get_execution_options().get("writing"):
            found.append(connection.exec_driver_sql(asked).scalar() in (2, "on"))

    event.listen(store._db.engine, "commit", look)
    try:
        act()
    finally:
        event.remove(store._db.engine, "commit", look)
    return found


def test_what_waits_for_the_disk(store: ManuscriptStore) -> None:
    commit = factories.chain(1)[0]
    draft = factories.draft()
    for _ in range(2):  # whatever the pooled connection did before
        assert synced(store, lambda: store.log_call(record())) == [True]
        assert synced(store, lambda: store.put_draft(draft)) == [False]
        assert synced(store, lambda: store.update_draft(draft.id, summary="It rains.")) == [False]
        assert synced(store, lambda: store.log_event(Notice(text="a"), "main")) == [False]
    assert synced(store, lambda: store.commit("main", commit)) == [True]
