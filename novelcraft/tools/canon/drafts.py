"""Drafts that are not accepted yet, and what their reviewers said."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, delete, select, update

from novelcraft.errors import UnknownTargetError
from novelcraft.state.base import Frozen
from novelcraft.state.findings import Finding
from novelcraft.state.manuscript import Draft, Fact
from novelcraft.tools.canon.engine import Database
from novelcraft.tools.canon.sql import upsert
from novelcraft.tools.canon.tables import drafts

_FIELDS = tuple(column.name for column in drafts.columns if column.name != "number")


class Drafts:
    """Keeps drafts until a later scene is written. A part of `ManuscriptStore`."""

    _db: Database

    def put_draft(self, draft: Draft) -> None:
        """Keep a draft; one of the same id is overwritten, reviews and all."""
        with self._db.write() as connection:
            upsert(connection, drafts, "id", draft.model_dump(mode="json"))

    def draft(self, draft_id: str) -> Draft | None:
        """The draft with that id, or None."""
        with self._db.read() as connection:
            row = connection.execute(select(drafts).where(drafts.c.id == draft_id)).first()
            return _to_draft(row) if row else None

    def drafts(self, branch: str, parent: str | None, scene_id: str) -> list[Draft]:
        """All drafts of a scene that were drawn after that parent, oldest first."""
        wanted = (
            select(drafts)
            .where(
                drafts.c.branch == branch,
                drafts.c.parent.is_not_distinct_from(parent),
                drafts.c.scene_id == scene_id,
            )
            .order_by(drafts.c.number)
        )
        with self._db.read() as connection:
            return [_to_draft(row) for row in connection.execute(wanted)]

    def update_draft(
        self,
        draft_id: str,
        *,
        findings: Sequence[Finding] | None = None,
        continuity: Sequence[Finding] | None = None,
        summary: str | None = None,
        facts: Sequence[Fact] | None = None,
    ) -> Draft:
        """Add what a reviewer said; what is None is left alone.

        Only the columns named are written, so reviewers that run side by side do not undo
        each other.

        Returns:
            The draft as it now stands.

        Raises:
            UnknownTargetError: There is no such draft.
        """
        said: dict[str, Any] = {
            "findings": _dump(findings),
            "continuity": _dump(continuity),
            "summary": summary,
            "facts": _dump(facts),
        }
        values = {name: value for name, value in said.items() if value is not None}
        with self._db.write() as connection:
            if values:
                connection.execute(update(drafts).where(drafts.c.id == draft_id).values(values))
            row = connection.execute(select(drafts).where(drafts.c.id == draft_id)).first()
            if row is None:
                raise UnknownTargetError(
                    f"There is no draft {draft_id!r}.",
                    fix="It went when a later scene was committed; draw the scene again.",
                )
            return _to_draft(row)

    def delete_drafts(self, branch: str, *, keep_parent: str | None) -> None:
        """Drop a branch's drafts, but for those drawn after `keep_parent`.

        Called after a commit with that commit's parent: the drafts of the scene just
        committed stay until the next one is, so that a step which is run again finds them.
        """
        with self._db.write() as connection:
            connection.execute(
                delete(drafts).where(
                    drafts.c.branch == branch, drafts.c.parent.is_distinct_from(keep_parent)
                )
            )


def _dump(items: Sequence[Frozen] | None) -> list[dict[str, Any]] | None:
    return None if items is None else [item.model_dump(mode="json") for item in items]


def _to_draft(row: Row[Any]) -> Draft:
    return Draft.model_validate({name: getattr(row, name) for name in _FIELDS})
