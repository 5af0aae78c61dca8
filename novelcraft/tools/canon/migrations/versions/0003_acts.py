"""Acts of steering, and the branch of an event.

Revision: 0003
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_events = sa.table(
    "events",
    sa.column("number", sa.Integer),
    sa.column("kind", sa.String),
    sa.column("branch", sa.Text),
    sa.column("body", sa.JSON),
)


def upgrade() -> None:
    """Change the database."""
    op.add_column("events", sa.Column("branch", sa.Text(), server_default="main", nullable=False))
    _name_branches(op.get_bind())
    op.create_table(
        "acts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("branch", sa.Text(), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("left_at", sa.String(length=40), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("point", sa.String(length=16), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("commit", sa.String(length=64), nullable=True),
        sa.Column("plan_version", sa.Integer(), nullable=True),
        sa.Column("settled_at", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(["branch"], ["branches.name"], name=op.f("fk_acts_branch")),
        sa.ForeignKeyConstraint(["commit"], ["commits.id"], name=op.f("fk_acts_commit")),
        sa.ForeignKeyConstraint(
            ["plan_version"], ["plans.version"], name=op.f("fk_acts_plan_version")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_acts")),
    )
    op.create_index(op.f("ix_acts_branch_status"), "acts", ["branch", "status"], unique=False)


def _name_branches(connection: sa.Connection) -> None:
    """Events follow the start of their run, which names its branch."""
    starts = sa.select(_events.c.number, _events.c.body).where(_events.c.kind == "run_started")
    for number, body in connection.execute(starts.order_by(_events.c.number)).all():
        since = _events.c.number >= number
        connection.execute(sa.update(_events).where(since).values(branch=body["branch"]))
