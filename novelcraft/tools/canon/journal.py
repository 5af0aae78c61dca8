"""The events of past runs, and the findings that a person declared intended."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import NamedTuple

from sqlalchemy import insert, select

from novelcraft.state.events import WRITE_EVENTS, WriteEvent
from novelcraft.tools.canon.engine import Database
from novelcraft.tools.canon.sql import upsert
from novelcraft.tools.canon.tables import events, exemptions


class Entry(NamedTuple):
    """An event with its place in the log."""

    number: int
    at: str
    """UTC time, ISO 8601; empty for what is not logged."""
    event: WriteEvent


# Made once: to put a statement together takes longer than to run it.
_LOG = insert(events)


class Journal:
    """Keeps events and exemptions. A part of `ManuscriptStore`."""

    _db: Database

    def log_event(self, event: WriteEvent, branch: str) -> int:
        """Append an event, with the time. A power cut may take the last ones.

        Returns:
            Its number: later events have higher ones.
        """
        row = {
            "kind": event.kind,
            "at": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "branch": branch,
            "body": event.model_dump(mode="json"),
        }
        with self._db.write(synced=False) as connection:
            number = connection.execute(_LOG, row).inserted_primary_key
            assert number is not None
            return int(number[0])

    def events(
        self,
        *kinds: str,
        branch: str | None = None,
        after: int = 0,
        first: int | None = None,
        last: int | None = None,
    ) -> list[Entry]:
        """Logged events, oldest first.

        Args:
            kinds: Only events of these kinds; none for all.
            branch: Only those of that branch.
            after: Only those with a higher number.
            first: Only the oldest so many; not together with `last`.
            last: Only the newest so many.
        """
        wanted = select(events.c.number, events.c.at, events.c.body).where(events.c.number > after)
        if kinds:
            wanted = wanted.where(events.c.kind.in_(kinds))
        if branch is not None:
            wanted = wanted.where(events.c.branch == branch)
        number = events.c.number
        wanted = wanted.order_by(number.desc() if first is None else number).limit(first or last)
        with self._db.read() as connection:
            rows = connection.execute(wanted).all()
            entries = [Entry(number, at, WRITE_EVENTS.load(body)) for number, at, body in rows]
        return entries[::-1] if first is None else entries

    def exempt(self, key: str, reason: str) -> None:
        """Declare the findings of that key intended; a second reason replaces the first.

        Args:
            key: A finding's `key`.
            reason: Why, in the person's words.
        """
        with self._db.write() as connection:
            upsert(connection, exemptions, "key", {"key": key, "reason": reason})

    def exemptions(self) -> set[str]:
        """Keys of all findings that are intended."""
        with self._db.read() as connection:
            return set(connection.execute(select(exemptions.c.key)).scalars())
