"""Words of a commit, plans as differences, a table each for reviews, recall notes, finished.

Revision: 0002
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from novelcraft.state.manuscript import count_words
from novelcraft.tools.canon.differences import difference

revision = "0002"
down_revision = "0001"

_REVIEWERS = ("findings", "continuity", "summary", "facts")
_RECALL = "recall/"
_FINISHED = "finished"

_commits = sa.table(
    "commits", sa.column("id"), sa.column("prose", sa.Text), sa.column("words", sa.Integer)
)
_plans = sa.table(
    "plans",
    sa.column("version", sa.Integer),
    sa.column("parent", sa.Integer),
    sa.column("body", sa.JSON),
    sa.column("differs", sa.Boolean),
)
_drafts = sa.table(
    "drafts",
    sa.column("id", sa.Text),
    sa.column("findings", sa.JSON(none_as_null=True)),
    sa.column("continuity", sa.JSON(none_as_null=True)),
    sa.column("summary", sa.Text),
    sa.column("facts", sa.JSON(none_as_null=True)),
)
_parts = sa.table(
    "plan_parts",
    sa.column("branch", sa.Text),
    sa.column("key", sa.Text),
    sa.column("body", sa.JSON),
)


def upgrade() -> None:
    """Change the database."""
    connection = op.get_bind()
    _count_words(connection)
    _keep_differences(connection)
    _part_the_reviews(connection)
    _part_the_plan_parts(connection)


def _count_words(connection: sa.Connection) -> None:
    op.add_column("commits", sa.Column("words", sa.Integer(), server_default="0", nullable=False))
    for commit in connection.execute(sa.select(_commits.c.id)).scalars().all():
        own = _commits.c.id == commit
        prose = connection.execute(sa.select(_commits.c.prose).where(own)).scalar_one()
        connection.execute(sa.update(_commits).where(own).values(words=count_words(prose)))


def _keep_differences(connection: sa.Connection) -> None:
    op.add_column(
        "plans", sa.Column("differs", sa.Boolean(), server_default=sa.false(), nullable=False)
    )
    newest_first = sa.select(_plans.c.version, _plans.c.parent).order_by(_plans.c.version.desc())
    for version, parent in connection.execute(newest_first).all():
        if parent is None:
            continue
        change = difference(_plan(connection, parent), _plan(connection, version))
        own = _plans.c.version == version
        connection.execute(sa.update(_plans).where(own).values(body=change, differs=True))


def _plan(connection: sa.Connection, version: int) -> Any:
    own = sa.select(_plans.c.body).where(_plans.c.version == version)
    return connection.execute(own).scalar_one()


def _part_the_reviews(connection: sa.Connection) -> None:
    said = [
        {"draft": draft.id, "reviewer": name, "said": getattr(draft, name)}
        for draft in connection.execute(sa.select(_drafts))
        for name in _REVIEWERS
        if getattr(draft, name) is not None
    ]
    with op.batch_alter_table("drafts") as drafts:
        for name in _REVIEWERS:
            drafts.drop_column(name)
    reviews = op.create_table(
        "reviews",
        sa.Column("draft", sa.Text(), nullable=False),
        sa.Column("reviewer", sa.String(length=32), nullable=False),
        sa.Column("said", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["draft"], ["drafts.id"], name=op.f("fk_reviews_draft")),
        sa.PrimaryKeyConstraint("draft", "reviewer", name=op.f("pk_reviews")),
    )
    op.bulk_insert(reviews, said)


def _part_the_plan_parts(connection: sa.Connection) -> None:
    parts = connection.execute(sa.select(_parts)).all()
    commits = connection.execute(sa.select(_commits.c.id)).scalars().all()
    recalled = op.create_table(
        "recalled",
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("branch", sa.Text(), nullable=False),
        sa.Column("parent", sa.String(length=64), nullable=True),
        sa.Column("notes", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["branch"], ["branches.name"], name=op.f("fk_recalled_branch")),
        sa.ForeignKeyConstraint(["parent"], ["commits.id"], name=op.f("fk_recalled_parent")),
        sa.PrimaryKeyConstraint("step", name=op.f("pk_recalled")),
    )
    op.create_index(op.f("ix_recalled_branch_parent"), "recalled", ["branch", "parent"])
    finished = op.create_table(
        "finished",
        sa.Column("branch", sa.Text(), nullable=False),
        sa.Column("head", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["branch"], ["branches.name"], name=op.f("fk_finished_branch")),
        sa.ForeignKeyConstraint(["head"], ["commits.id"], name=op.f("fk_finished_head")),
        sa.PrimaryKeyConstraint("branch", name=op.f("pk_finished")),
    )
    by_prefix = {commit[:12]: commit for commit in commits}
    op.bulk_insert(recalled, [_recalled(part, by_prefix) for part in parts if _is_recall(part)])
    op.bulk_insert(
        finished,
        [
            {"branch": part.branch, "head": part.body["head"]}
            for part in parts
            if part.key == _FINISHED and part.body["head"] in commits
        ],
    )
    moved = (_parts.c.key == _FINISHED) | _parts.c.key.startswith(_RECALL)
    connection.execute(sa.delete(_parts).where(moved))


def _is_recall(part: Any) -> bool:
    return bool(part.key.startswith(_RECALL))


def _recalled(part: Any, commits: dict[str, str]) -> dict[str, Any]:
    step = part.key.removeprefix(_RECALL)
    _branch, parent, *_rest = step.split("/")
    return {
        "step": step,
        "branch": part.branch,
        "parent": commits.get(parent),
        "notes": part.body["notes"],
    }
