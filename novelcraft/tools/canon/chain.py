"""The chain of scene commits, and the branches that point into it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    insert,
    select,
    true,
    update,
)

from novelcraft.errors import HeadMovedError, InputError, UnknownTargetError
from novelcraft.state.manuscript import Branch, Fact, SceneCommit
from novelcraft.tools.canon.engine import Database
from novelcraft.tools.canon.tables import branches, commits, facts

_COMMIT_FIELDS = tuple(column.name for column in commits.columns)


class Chain:
    """Reads and grows the chain. A part of `ManuscriptStore`."""

    _db: Database

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
            if holds(connection, current.head, commit.id):
                return commit
            require_head(current, commit.parent)
            append_commit(connection, commit)
            move_head(connection, branch, commit.id)
        return commit

    def get(self, id_or_prefix: str) -> SceneCommit:
        """The commit with that id, or the only one whose id begins so.

        Raises:
            UnknownTargetError: No commit, or more than one, begins so.
        """
        with self._db.read() as connection:
            found = _find(connection, id_or_prefix)
            return _load(connection, commits.c.id == found)[0]

    def chain(self, head: str | None) -> list[SceneCommit]:
        """A head and all its ancestors, in reading order; empty for None."""
        with self._db.read() as connection:
            return _load(connection, commits.c.id.in_(_ancestors(head)))

    def all_commits(self) -> list[SceneCommit]:
        """Every scene that was ever committed, on a branch or not, by position."""
        with self._db.read() as connection:
            return _load(connection, true())

    def commit_ids(self, head: str | None) -> list[str]:
        """Ids of a head and all its ancestors, in reading order; the prose is not read."""
        with self._db.read() as connection:
            ordered = (
                select(commits.c.id)
                .where(commits.c.id.in_(_ancestors(head)))
                .order_by(commits.c.position)
            )
            return list(connection.execute(ordered).scalars())

    def facts_as_of(self, head: str | None) -> list[tuple[int, Fact]]:
        """What is true after a commit: facts of it and its ancestors, with their positions.

        In the order in which they were added, so a later fact may overrule an earlier one.
        """
        wanted = (
            select(commits.c.position, facts)
            .join(facts, facts.c.commit_id == commits.c.id)
            .where(commits.c.id.in_(_ancestors(head)))
            .order_by(commits.c.position, facts.c.number)
        )
        with self._db.read() as connection:
            return [(row.position, _to_fact(row)) for row in connection.execute(wanted)]


def _ancestors(head: str | None) -> Select[tuple[str]]:
    walk = (
        select(commits.c.id, commits.c.parent)
        .where(commits.c.id == head if head is not None else ~true())
        .cte("walk", recursive=True)
    )
    walk = walk.union_all(
        select(commits.c.id, commits.c.parent).join(walk, commits.c.id == walk.c.parent)
    )
    return select(walk.c.id)


def locked_branch(connection: Connection, name: str) -> Branch:
    """The branch with that name, which nobody else moves until the transaction ends."""
    return _branch(connection, name, lock=True)


def _branch(connection: Connection, name: str, *, lock: bool = False) -> Branch:
    wanted = select(branches).where(branches.c.name == name)
    row = connection.execute(wanted.with_for_update() if lock else wanted).first()
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


def _require_next_position(connection: Connection, commit: SceneCommit) -> None:
    before = connection.execute(
        select(commits.c.position).where(commits.c.id == commit.parent)
    ).scalar()
    if commit.position != (before or 0) + 1:
        raise ValueError(f"commit {commit.id} has position {commit.position} after {before}")


def holds(connection: Connection, head: str | None, commit_id: str) -> bool:
    """Whether a commit is stored and is `head` or an ancestor of it."""
    found = commits.c.id.in_(_ancestors(head)) & (commits.c.id == commit_id)
    return connection.execute(select(commits.c.id).where(found)).first() is not None


def append_commit(connection: Connection, commit: SceneCommit) -> None:
    """Store a commit after its parent, unless it is there already."""
    _require_next_position(connection, commit)
    if holds(connection, commit.id, commit.id):
        return
    row = commit.model_dump(mode="json", exclude={"facts"})
    connection.execute(insert(commits).values(row))
    if commit.facts:
        connection.execute(
            insert(facts),
            [
                {"commit_id": commit.id, "number": number, **fact.model_dump()}
                for number, fact in enumerate(commit.facts)
            ],
        )


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


def _load(connection: Connection, which: ColumnElement[bool]) -> list[SceneCommit]:
    rows = connection.execute(select(commits).where(which).order_by(commits.c.position)).all()
    added = connection.execute(
        select(facts)
        .join(commits, facts.c.commit_id == commits.c.id)
        .where(which)
        .order_by(facts.c.commit_id, facts.c.number)
    )
    by_commit = _group(added)
    return [_to_commit(row, by_commit.get(row.id, ())) for row in rows]


def _group(rows: Iterable[Row[Any]]) -> dict[str, list[Fact]]:
    by_commit: dict[str, list[Fact]] = {}
    for row in rows:
        by_commit.setdefault(row.commit_id, []).append(_to_fact(row))
    return by_commit


def _to_commit(row: Row[Any], added: Sequence[Fact]) -> SceneCommit:
    values = {name: getattr(row, name) for name in _COMMIT_FIELDS}
    return SceneCommit.model_validate({**values, "facts": tuple(added)})


def _to_fact(row: Row[Any]) -> Fact:
    return Fact(subject=row.subject, statement=row.statement, quote=row.quote)


def _to_branch(row: Row[Any]) -> Branch:
    return Branch(
        name=row.name, head=row.head, plan_version=row.plan_version, forked_from=row.forked_from
    )
