"""The chain of scene commits, and the branches that point into it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, bindparam, func, insert, select, true, update

from novelcraft.errors import HeadMovedError, InputError, UnknownTargetError
from novelcraft.state.manuscript import Branch, Fact, SceneCommit
from novelcraft.tools.canon.commits import (
    StoredCommit,
    ancestors,
    append_commit,
    holds,
    load,
    require_intact,
    require_unbroken,
)
from novelcraft.tools.canon.engine import Database
from novelcraft.tools.canon.sql import upsert
from novelcraft.tools.canon.tables import branches, commits, finished

# Made once: to put a statement together takes longer than to run it.
_BRANCH = select(branches).where(branches.c.name == bindparam("name"))
_LOCKED_BRANCH = _BRANCH.with_for_update()


class Chain:
    """Reads and grows the chain. A part of `ManuscriptStore`."""

    _db: Database
    _chain: tuple[SceneCommit, ...]
    """The chain that was last asked for, and what was committed to its end since."""
    _trusted: set[str]
    """Commits that a person lets stand, though they are not what was committed."""

    def branch(self, name: str) -> Branch:
        """The branch with that name.

        Raises:
            UnknownTargetError: There is none.
        """
        with self._db.read() as connection:
            return _branch(connection, name)

    def branches(self) -> list[Branch]:
        """All branches, by name."""
        with self._db.read() as connection:
            rows = connection.execute(select(branches).order_by(branches.c.name))
            return [_to_branch(row) for row in rows]

    def create_branch(
        self,
        name: str,
        *,
        head: str | None,
        plan_version: int | None,
        forked_from: str | None = None,
    ) -> Branch:
        """Name a head. Creating the very same branch again changes nothing.

        Raises:
            InputError: A branch of that name points elsewhere.
        """
        wanted = Branch(name=name, head=head, plan_version=plan_version, forked_from=forked_from)
        with self._db.write() as connection:
            row = connection.execute(select(branches).where(branches.c.name == name)).first()
            if row is None:
                connection.execute(insert(branches).values(wanted.model_dump()))
            elif _to_branch(row) != wanted:
                raise InputError(
                    f"There is a branch {name!r} already.", fix="Choose another name for it."
                )
        return wanted

    def set_head(self, branch: str, head: str | None, *, expected: str | None) -> None:
        """Let a branch point to another commit, if it still points where the caller thinks.

        Raises:
            HeadMovedError: The branch points to another commit than `expected`.
            UnknownTargetError: There is no such branch, or no such commit.
        """
        with self._db.write() as connection:
            if head is not None:
                head = _find(connection, head)
            require_head(locked_branch(connection, branch), expected)
            move_head(connection, branch, head)

    def commit(self, branch: str, commit: SceneCommit) -> SceneCommit:
        """Add a scene to the end of a branch, in one transaction.

        Harmless when repeated: a commit that is already the head, or an ancestor of it, is
        left as it stands. The same scene may also lie on another branch; then only the head
        moves.

        Raises:
            HeadMovedError: The commit's parent is not the head of the branch.
            ValueError: The commit's position does not follow its parent's.
        """
        with self._db.write() as connection:
            current = locked_branch(connection, branch)
            if current.head != commit.parent and holds(connection, current.head, commit.id):
                return commit
            require_head(current, commit.parent)
            append_commit(connection, commit)
            move_head(connection, branch, commit.id)
        if self._chain and self._chain[-1].id == commit.parent:
            self._chain = (*self._chain, commit)
        return commit

    def get(self, id_or_prefix: str) -> SceneCommit:
        """The commit with that id, or the only one whose id begins so.

        Raises:
            UnknownTargetError: No commit, or more than one, begins so.
            DamagedDatabaseError: It is not what was committed.
        """
        # From its end: the last ones are asked for most.
        known = next((c for c in reversed(self._chain) if c.id == id_or_prefix), None)
        if known is not None:
            return known
        with self._db.read() as connection:
            (commit,) = load(connection, commits.c.id == _find(connection, id_or_prefix))
            self._require_intact([commit])
            return commit.scene

    def chain(self, head: str | None) -> list[SceneCommit]:
        """A head and all its ancestors, in reading order; empty for None.

        The chain that was last asked for is kept in memory and grows with what is committed to its
        end, so that a run reads it once. What is read for the first time is held against its id.

        Raises:
            DamagedDatabaseError: A commit is not what was committed, or is missing.
        """
        known = self._known_chain(head)
        if head is None or known is not None:
            return known or []
        with self._db.read() as connection:
            tail = load(connection, commits.c.id == head)
            if self._chain and tail and tail[0].scene.parent == self._chain[-1].id:
                before = self._chain
            else:
                before = ()
                tail = load(connection, commits.c.id.in_(ancestors(head)))
            self._require_intact(tail)
            if not before:
                require_unbroken(self._db.name, head, tail)
        self._chain = (*before, *(stored.scene for stored in tail))
        return list(self._chain)

    def words_written(self, head: str | None) -> int:
        """Words of a head and all its ancestors; the prose is not read."""
        known = self._known_chain(head)
        if known is not None:
            return sum(commit.words for commit in known)
        counted = select(func.coalesce(func.sum(commits.c.words), 0))
        with self._db.read() as connection:
            within = counted.where(commits.c.id.in_(ancestors(head)))
            return int(connection.execute(within).scalar_one())

    def all_commits(self) -> list[SceneCommit]:
        """Every scene that was ever committed and is intact, on a branch or not, by position."""
        with self._db.read() as connection:
            return [stored.scene for stored in load(connection, true()) if stored.intact]

    def versions(self, scene_id: str) -> list[SceneCommit]:
        """Every intact commit of a scene, on a branch or not, by position."""
        with self._db.read() as connection:
            of = load(connection, commits.c.scene_id == scene_id)
            return [stored.scene for stored in of if stored.intact]

    def commit_ids(self, head: str | None) -> list[str]:
        """Ids of a head and all its ancestors, in reading order; the prose is not read."""
        if (known := self._known_chain(head)) is not None:
            return [commit.id for commit in known]
        with self._db.read() as connection:
            ordered = (
                select(commits.c.id)
                .where(commits.c.id.in_(ancestors(head)))
                .order_by(commits.c.position)
            )
            return list(connection.execute(ordered).scalars())

    def facts_as_of(self, head: str | None) -> list[tuple[int, Fact]]:
        """What is true after a commit: facts of it and its ancestors, with their positions.

        In the order in which they were added, so a later fact may overrule an earlier one.
        """
        return [(commit.position, fact) for commit in self.chain(head) for fact in commit.facts]

    def set_finished(self, branch: str, head: str) -> None:
        """Note that the book of a branch is complete, and exported, with that head."""
        with self._db.write() as connection:
            upsert(connection, finished, "branch", {"branch": branch, "head": head})

    def finished_head(self, branch: str) -> str | None:
        """The head with which the book of a branch was last complete, or None."""
        wanted = select(finished.c.head).where(finished.c.branch == branch)
        with self._db.read() as connection:
            return connection.execute(wanted).scalar()

    def trust(self, commit_id: str) -> None:
        """Take a commit as it stands while this store is open, though it is not what it was."""
        self._trusted.add(commit_id)

    def is_trusted(self, commit_id: str) -> bool:
        """Whether a commit is taken as it stands."""
        return commit_id in self._trusted

    def _known_chain(self, head: str | None) -> list[SceneCommit] | None:
        """A head and its ancestors where they are in memory, else None."""
        if head is None:
            return []
        for number, commit in enumerate(reversed(self._chain)):
            if commit.id == head:
                return list(self._chain[: len(self._chain) - number])
        return None

    def _require_intact(self, loaded: Sequence[StoredCommit]) -> None:
        require_intact(self._db.name, [c for c in loaded if c.scene.id not in self._trusted])


def locked_branch(connection: Connection, name: str) -> Branch:
    """The branch with that name, which nobody else moves until the transaction ends."""
    return _branch(connection, name, lock=True)


def _branch(connection: Connection, name: str, *, lock: bool = False) -> Branch:
    row = connection.execute(_LOCKED_BRANCH if lock else _BRANCH, {"name": name}).first()
    if row is None:
        known = ", ".join(connection.execute(select(branches.c.name).order_by("name")).scalars())
        raise UnknownTargetError(
            f"There is no branch {name!r}.",
            fix=f"Branches: {known}." if known else "The novel has no branch yet.",
        )
    return _to_branch(row)


def require_head(branch: Branch, expected: str | None) -> None:
    """Raise HeadMovedError unless the branch points where the caller thinks."""
    if branch.head != expected:
        raise HeadMovedError(
            f"Branch {branch.name!r} stands at {_short(branch.head)}, not at {_short(expected)}.",
            fix="Another run has written to it. Run the command again to go on from its head.",
        )


def _short(commit_id: str | None) -> str:
    return commit_id[:12] if commit_id else "its beginning"


def move_head(connection: Connection, branch: str, head: str | None) -> None:
    """Let a branch point to a commit, or to the beginning of the book."""
    connection.execute(update(branches).where(branches.c.name == branch).values(head=head))


def _find(connection: Connection, prefix: str) -> str:
    begins = commits.c.id.startswith(prefix, autoescape=True)
    found: list[str] = list(
        connection.execute(select(commits.c.id).where(begins).limit(2)).scalars()
    )
    if len(found) == 1 and prefix:
        return found[0]
    problem = "More than one commit begins" if found else "No commit begins"
    raise UnknownTargetError(
        f"{problem} with {prefix!r}.", fix="`novelcraft log` lists the commits with their ids."
    )


def _to_branch(row: Row[Any]) -> Branch:
    return Branch(
        name=row.name, head=row.head, plan_version=row.plan_version, forked_from=row.forked_from
    )
