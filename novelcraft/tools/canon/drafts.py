"""Drafts that are not accepted yet, what their reviewers said, and what was recalled for them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from threading import Lock
from typing import Any, Unpack

from pydantic_core import to_jsonable_python
from sqlalchemy import ColumnElement, Connection, bindparam, delete, select

from novelcraft.errors import UnknownTargetError
from novelcraft.state.manuscript import Draft, Reviews
from novelcraft.tools.canon.engine import Database
from novelcraft.tools.canon.sql import upsert
from novelcraft.tools.canon.tables import drafts, recalled, reviews

_REVIEWERS = tuple(Reviews.__annotations__)
_FIELDS = tuple(column.name for column in drafts.columns if column.name != "number")

# Made once: to put a statement together takes longer than to run it.
_KNOWN = select(drafts.c.id).where(drafts.c.id == bindparam("id"))
_RECALLED = select(recalled.c.notes).where(recalled.c.step == bindparam("step"))
_OLD = (
    (drafts.c.branch == bindparam("branch"))
    & drafts.c.parent.is_distinct_from(bindparam("parent"))
    & drafts.c.id.not_in(bindparam("keep", expanding=True))
)
_DELETE_OLD = (
    delete(reviews).where(reviews.c.draft.in_(select(drafts.c.id).where(_OLD))),
    delete(drafts).where(_OLD),
    delete(recalled).where(
        recalled.c.branch == bindparam("branch"),
        recalled.c.parent.is_distinct_from(bindparam("parent")),
    ),
)


class Drafts:
    """Keeps drafts until a later scene is written. A part of `ManuscriptStore`.

    They follow from the log of calls, so a power cut may take the last of them.
    """

    _db: Database
    _latest: Draft | None
    """The draft that was kept last, as it stands: a scene's loop reads it at each step."""
    _changing: Lock
    """Held while that one is changed."""

    def put_draft(self, draft: Draft) -> None:
        """Keep a draft; one of the same id is overwritten, reviews and all."""
        row = draft.model_dump(mode="json")
        said = {name: row.pop(name) for name in _REVIEWERS}
        with self._db.write(synced=False) as connection:
            upsert(connection, drafts, "id", row)
            connection.execute(delete(reviews).where(reviews.c.draft == draft.id))
            _add_reviews(connection, draft.id, said)
        self._latest = draft

    def draft(self, draft_id: str) -> Draft | None:
        """The draft with that id, or None."""
        if (latest := self._latest) is not None and latest.id == draft_id:
            return latest
        with self._db.read() as connection:
            return next(iter(_load(connection, drafts.c.id == draft_id)), None)

    def drafts(self, branch: str, parent: str | None, scene_id: str) -> list[Draft]:
        """All drafts of a scene that were drawn after that parent, oldest first."""
        drawn = (
            (drafts.c.branch == branch)
            & drafts.c.parent.is_not_distinct_from(parent)
            & (drafts.c.scene_id == scene_id)
        )
        with self._db.read() as connection:
            return _load(connection, drawn)

    def update_draft(self, draft_id: str, **said: Unpack[Reviews]) -> None:
        """Add what reviewers said, each under its field of the draft.

        A reviewer that says something else takes the place of what it said before. Each has a
        row of its own, so reviewers that run side by side do not undo each other.

        Raises:
            UnknownTargetError: There is no such draft.
        """
        with self._db.write(synced=False) as connection:
            if connection.execute(_KNOWN, {"id": draft_id}).first() is None:
                raise UnknownTargetError(
                    f"There is no draft {draft_id!r}.",
                    fix="It went when a later scene was committed; draw the scene again.",
                )
            _add_reviews(connection, draft_id, to_jsonable_python(said))
        with self._changing:
            if self._latest is not None and self._latest.id == draft_id:
                self._latest = Draft.model_validate({**dict(self._latest), **said})

    def put_recalled(
        self, step: str, notes: Sequence[str], *, branch: str, parent: str | None
    ) -> None:
        """Keep the canon notes for the drafts of a step, which draws a scene after `parent`."""
        row = {"step": step, "branch": branch, "parent": parent, "notes": [*notes]}
        with self._db.write(synced=False) as connection:
            upsert(connection, recalled, "step", row)

    def recalled(self, step: str) -> tuple[str, ...]:
        """The canon notes for the drafts of a step; empty when none were kept."""
        with self._db.read() as connection:
            return tuple(connection.execute(_RECALLED, {"step": step}).scalar() or ())

    def delete_drafts(
        self, branch: str, *, keep_parent: str | None, keep: Collection[str] = ()
    ) -> None:
        """Drop a branch's drafts and recall notes, but for those made after `keep_parent`.

        Called after a commit with that commit's parent: the drafts of the scene just
        committed stay until the next one is, so that a step which is run again finds them.

        Args:
            branch: Its name.
            keep_parent: The commit that drafts and notes may still be needed after.
            keep: Ids of other drafts that are still needed.
        """
        given = {"branch": branch, "parent": keep_parent, "keep": list(keep)}
        with self._db.write(synced=False) as connection:
            for statement in _DELETE_OLD:
                connection.execute(statement, given)
        self._latest = None


def _add_reviews(connection: Connection, draft_id: str, said: Mapping[str, Any]) -> None:
    for reviewer, words in said.items():
        if words is not None:
            row = {"draft": draft_id, "reviewer": reviewer, "said": words}
            upsert(connection, reviews, "draft reviewer", row)


def _load(connection: Connection, which: ColumnElement[bool]) -> list[Draft]:
    wanted = select(drafts, reviews.c.reviewer, reviews.c.said).outerjoin(reviews).where(which)
    found: dict[str, dict[str, Any]] = {}
    for row in connection.execute(wanted.order_by(drafts.c.number)).mappings():
        draft = found.setdefault(row["id"], {name: row[name] for name in _FIELDS})
        if row["reviewer"] is not None:
            draft[row["reviewer"]] = row["said"]
    return [Draft.model_validate(draft) for draft in found.values()]
