"""Revise what is in the chain already: other scenes in the place of a branch's last ones."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from sqlalchemy import func, select

from novelcraft.state.manuscript import SceneCommit
from novelcraft.tools.canon.chain import locked_branch, move_head, require_head
from novelcraft.tools.canon.commits import append_commit
from novelcraft.tools.canon.engine import Database
from novelcraft.tools.canon.tables import commits


class Revisions:
    """Replaces the end of a branch. A part of `ManuscriptStore`."""

    _db: Database

    def replace_tail(
        self, branch: str, tail: Sequence[SceneCommit], *, expected: str | None
    ) -> None:
        """Let a branch end in other commits, in one transaction; the old ones stay stored.

        Repeating the call changes nothing.

        Args:
            branch: Name of the branch.
            tail: Commits in order, each the parent of the next. The first one's parent must be
                in the store, or None.
            expected: Where the branch points before.

        Raises:
            HeadMovedError: The branch points elsewhere, and not to the end of `tail` either.
            ValueError: A commit does not follow the one before it.
        """
        for before, after in pairwise(tail):
            if after.parent != before.id:
                raise ValueError(f"commit {after.id} does not follow {before.id}")
        with self._db.write() as connection:
            current = locked_branch(connection, branch)
            if current.head == tail[-1].id:
                return
            require_head(current, expected)
            for commit in tail:
                append_commit(connection, commit)
            move_head(connection, branch, tail[-1].id)

    def count_siblings(self, parent: str | None, scene_id: str) -> int:
        """How many commits of that scene were ever made after that parent."""
        wanted = (
            select(func.count())
            .select_from(commits)
            .where(commits.c.parent.is_not_distinct_from(parent), commits.c.scene_id == scene_id)
        )
        with self._db.read() as connection:
            return connection.execute(wanted).scalar_one()
