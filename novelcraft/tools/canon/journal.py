"""The events of past runs, and the findings that a person declared intended."""

from __future__ import annotations

from sqlalchemy import insert, select

from novelcraft.state.events import WRITE_EVENTS, WriteEvent
from novelcraft.tools.canon.engine import Database
from novelcraft.tools.canon.sql import upsert
from novelcraft.tools.canon.tables import events, exemptions


class Journal:
    """Keeps events and exemptions. A part of `ManuscriptStore`."""

    _db: Database

    def log_event(self, event: WriteEvent, at: str) -> None:
        """Append an event.

        Args:
            event: What happened.
            at: When, in UTC, ISO 8601.
        """
        body = event.model_dump(mode="json")
        with self._db.write() as connection:
            connection.execute(insert(events).values(kind=event.kind, at=at, body=body))

    def events(self, kind: str | None = None) -> list[tuple[str, WriteEvent]]:
        """Logged events with their times, oldest first; of one kind, if it is named."""
        wanted = select(events.c.at, events.c.body).order_by(events.c.number)
        if kind is not None:
            wanted = wanted.where(events.c.kind == kind)
        with self._db.read() as connection:
            return [(at, WRITE_EVENTS.load(body)) for at, body in connection.execute(wanted)]

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
