"""Rows of scene commits: written, read, and held against the ids that they were given.

A commit's id is the hash of its content, so a commit that was changed in the database is known
by it, and so is one that is missing from between two others.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    delete,
    insert,
    select,
    true,
    update,
)

from novelcraft.state.base import content_hash
from novelcraft.state.manuscript import SceneCommit, count_words
from novelcraft.tools.canon.faults import altered
from novelcraft.tools.canon.tables import commits, facts

_CONTENT = tuple(c.name for c in commits.columns if c.name not in {"id", "words"})
"""Columns that, with the facts, an id is the hash of."""

_FACT = ("subject", "statement", "quote")


Content = dict[str, Any]
"""What a commit's id is the hash of, as JSON values."""


class StoredCommit(NamedTuple):
    """A commit as it was read."""

    scene: SceneCommit
    intact: bool
    """Whether its content is what its id is the hash of."""


def ancestors(head: str | None) -> Select[tuple[str]]:
    """Ids of a commit and all its ancestors; of nothing for None."""
    walk = (
        select(commits.c.id, commits.c.parent)
        .where(commits.c.id == head if head is not None else ~true())
        .cte("walk", recursive=True)
    )
    # No UNION ALL: a parent that was changed in the database may make a circle.
    walk = walk.union(
        select(commits.c.id, commits.c.parent).join(walk, commits.c.id == walk.c.parent)
    )
    return select(walk.c.id)


def holds(connection: Connection, head: str | None, commit_id: str) -> bool:
    """Whether a commit is stored and is `head` or an ancestor of it."""
    found = commits.c.id.in_(ancestors(head)) & (commits.c.id == commit_id)
    return connection.execute(select(commits.c.id).where(found)).first() is not None


def append_commit(connection: Connection, commit: SceneCommit) -> None:
    """Store a commit after its parent, unless it is there already.

    Raises:
        ValueError: Its position does not follow its parent's.
    """
    parent = select(commits.c.position).where(commits.c.id == commit.parent)
    before = connection.execute(parent).scalar()
    if commit.position != (before or 0) + 1:
        raise ValueError(f"commit {commit.id} has position {commit.position} after {before}")
    if connection.execute(select(commits.c.id).where(commits.c.id == commit.id)).first():
        return
    row = commit.model_dump(mode="json")
    added = row.pop("facts")
    connection.execute(insert(commits).values(row | {"words": commit.words}))
    _add_facts(connection, commit.id, added)


def overwrite(connection: Connection, commit_id: str, content: Content) -> None:
    """Store what a commit's id is the hash of in the place of what stands there."""
    row = {name: content[name] for name in _CONTENT} | {"words": count_words(content["prose"])}
    connection.execute(update(commits).where(commits.c.id == commit_id).values(row))
    connection.execute(delete(facts).where(facts.c.commit_id == commit_id))
    _add_facts(connection, commit_id, content["facts"])


def _add_facts(connection: Connection, commit_id: str, added: Sequence[dict[str, str]]) -> None:
    if added:
        rows = [{"commit_id": commit_id, "number": n, **fact} for n, fact in enumerate(added)]
        connection.execute(insert(facts), rows)


def load(connection: Connection, which: ColumnElement[bool]) -> list[StoredCommit]:
    """The commits of some rows, by position."""
    return [
        StoredCommit(
            SceneCommit.model_validate({"id": row.id, "words": row.words, **content}),
            content_hash(content) == row.id,
        )
        for row, content in _contents(connection, which)
    ]


def content_of(connection: Connection, commit_id: str) -> Content:
    """The content of a commit as it stands in the database."""
    ((_, content),) = _contents(connection, commits.c.id == commit_id)
    return content


def _contents(
    connection: Connection, which: ColumnElement[bool]
) -> Iterator[tuple[Row[Any], Content]]:
    # The stored values are hashed, not a model's dump: a model may have got new fields since.
    rows = connection.execute(select(commits).where(which).order_by(commits.c.position)).all()
    added = connection.execute(
        select(facts)
        .join(commits, facts.c.commit_id == commits.c.id)
        .where(which)
        .order_by(facts.c.commit_id, facts.c.number)
    )
    by_commit = {
        commit: [{name: getattr(fact, name) for name in _FACT} for fact in group]
        for commit, group in groupby(added, key=lambda fact: fact.commit_id)
    }
    for row in rows:
        content = {name: getattr(row, name) for name in _CONTENT}
        yield row, content | {"facts": by_commit.get(row.id, [])}


def require_intact(name: str, loaded: Sequence[StoredCommit]) -> None:
    """Raise DamagedDatabaseError when a commit is not what was committed.

    Args:
        name: The database, as the person knows it.
        loaded: What was read.
    """
    for stored in loaded:
        if not stored.intact:
            number = stored.scene.position
            raise altered(
                name,
                f"scene {number} (commit {stored.scene.id[:12]}) is not what was committed: its "
                "text, or what is kept with it, was changed in the database",
                fix=f"See `novelcraft verify FOLDER`. It brings back what was committed "
                f"(--restore {number}), or takes the change as your edit (--accept {number}).",
            )


def missing_parent(head: str, loaded: Sequence[StoredCommit]) -> str | None:
    """Id of the commit that is missing from the ancestors of `head`; None where none is.

    Args:
        head: Id of the last commit.
        loaded: What was read of it and its ancestors, in reading order.
    """
    return loaded[0].scene.parent if loaded else head


def require_unbroken(name: str, head: str, loaded: Sequence[StoredCommit]) -> None:
    """Raise DamagedDatabaseError when a commit is missing from the ancestors of `head`.

    Args:
        name: The database, as the person knows it.
        head: Id of the last commit.
        loaded: What was read of it and its ancestors, in reading order.
    """
    missing = missing_parent(head, loaded)
    if missing is None:
        return
    scene = f"scene {loaded[0].scene.position - 1}" if loaded else "the last scene"
    raise altered(
        name,
        f"{scene} is missing: commit {missing[:12]} is not in the database",
        fix="Restore the database from a backup, or write on from a scene before it: "
        "`novelcraft verify FOLDER` says how.",
    )
