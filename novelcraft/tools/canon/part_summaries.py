"""Summaries of whole chapters and acts, under the hash of what they tell."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select

from novelcraft.tools.canon.engine import Database
from novelcraft.tools.canon.sql import upsert
from novelcraft.tools.canon.tables import part_summaries


class PartSummaries:
    """Keeps what was written once, for every branch that has the same prose. A part of
    `ManuscriptStore`."""

    _db: Database
    _told: dict[str, str]
    """Those that were asked for before, by key: a run asks for all of them with every scene."""

    def put_part_summary(self, key: str, summary: str) -> None:
        """Keep the summary of a part; another of the same key is overwritten.

        Args:
            key: Hash of the part's content, 64 hex digits.
            summary: What it tells.
        """
        with self._db.write() as connection:
            upsert(connection, part_summaries, "key", {"key": key, "summary": summary})
        self._told.pop(key, None)

    def part_summaries(self, keys: Collection[str]) -> dict[str, str]:
        """The summaries that are there, by key."""
        missing = [key for key in keys if key not in self._told]
        if missing:
            wanted = select(part_summaries).where(part_summaries.c.key.in_(missing))
            with self._db.read() as connection:
                self._told |= {row.key: row.summary for row in connection.execute(wanted)}
        return {key: self._told[key] for key in keys if key in self._told}
