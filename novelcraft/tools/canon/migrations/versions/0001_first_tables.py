"""The first tables.

Revision: 0001
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Change the database."""
    op.create_table(
        "calls",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("role", sa.String(length=32), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("adapter", sa.Text(), nullable=False),
        sa.Column("prompt_hash", sa.String(length=64), nullable=False),
        sa.Column("messages", sa.JSON(), nullable=False),
        sa.Column("sampling", sa.JSON(), nullable=False),
        sa.Column("seed", sa.BigInteger(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("thinking", sa.Text(), nullable=False),
        sa.Column("finish_reason", sa.Text(), nullable=False),
        sa.Column("prompt_tokens", sa.Integer(), nullable=False),
        sa.Column("cached_tokens", sa.Integer(), nullable=False),
        sa.Column("completion_tokens", sa.Integer(), nullable=False),
        sa.Column("seconds", sa.Float(), nullable=False),
        sa.Column("outcome", sa.String(length=16), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("at", sa.String(length=40), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_calls")),
    )
    op.create_index(op.f("ix_calls_key"), "calls", ["key"], unique=False)
    op.create_table(
        "events",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("at", sa.String(length=40), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_events")),
    )
    op.create_index(op.f("ix_events_kind"), "events", ["kind"], unique=False)
    op.create_table(
        "exemptions",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_exemptions")),
    )
    op.create_table(
        "novel",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("created", sa.String(length=40), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_novel")),
    )
    op.create_table(
        "plans",
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("parent", sa.Integer(), nullable=True),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("created", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(["parent"], ["plans.version"], name=op.f("fk_plans_parent")),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_plans")),
    )
    op.create_index(op.f("ix_plans_hash"), "plans", ["hash"], unique=False)
    op.create_table(
        "commits",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("parent", sa.String(length=64), nullable=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("scene_id", sa.Text(), nullable=False),
        sa.Column("chapter_id", sa.Text(), nullable=False),
        sa.Column("plan_version", sa.Integer(), nullable=False),
        sa.Column("prose", sa.Text(), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("findings", sa.JSON(), nullable=False),
        sa.Column("accepted_by", sa.String(length=16), nullable=False),
        sa.Column("provenance", sa.JSON(), nullable=False),
        sa.Column("stale", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["parent"], ["commits.id"], name=op.f("fk_commits_parent")),
        sa.ForeignKeyConstraint(
            ["plan_version"], ["plans.version"], name=op.f("fk_commits_plan_version")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_commits")),
    )
    op.create_index(op.f("ix_commits_parent"), "commits", ["parent"], unique=False)
    op.create_table(
        "branches",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("head", sa.String(length=64), nullable=True),
        sa.Column("plan_version", sa.Integer(), nullable=True),
        sa.Column("forked_from", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(
            ["forked_from"], ["commits.id"], name=op.f("fk_branches_forked_from")
        ),
        sa.ForeignKeyConstraint(["head"], ["commits.id"], name=op.f("fk_branches_head")),
        sa.ForeignKeyConstraint(
            ["plan_version"], ["plans.version"], name=op.f("fk_branches_plan_version")
        ),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_branches")),
    )
    op.create_table(
        "facts",
        sa.Column("commit_id", sa.String(length=64), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("statement", sa.Text(), nullable=False),
        sa.Column("quote", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["commit_id"], ["commits.id"], name=op.f("fk_facts_commit_id")),
        sa.PrimaryKeyConstraint("commit_id", "number", name=op.f("pk_facts")),
    )
    op.create_table(
        "drafts",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("branch", sa.Text(), nullable=False),
        sa.Column("parent", sa.String(length=64), nullable=True),
        sa.Column("scene_id", sa.Text(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("prose", sa.Text(), nullable=False),
        sa.Column("provenance", sa.JSON(), nullable=False),
        sa.Column("findings", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("continuity", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("summary", sa.Text(), nullable=True),
        sa.Column("facts", sa.JSON(none_as_null=True), nullable=True),
        sa.ForeignKeyConstraint(["branch"], ["branches.name"], name=op.f("fk_drafts_branch")),
        sa.ForeignKeyConstraint(["parent"], ["commits.id"], name=op.f("fk_drafts_parent")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_drafts")),
        sa.UniqueConstraint("id", name=op.f("uq_drafts_id")),
    )
    op.create_index(
        op.f("ix_drafts_branch_parent_scene_id"),
        "drafts",
        ["branch", "parent", "scene_id"],
        unique=False,
    )
    op.create_table(
        "plan_parts",
        sa.Column("branch", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["branch"], ["branches.name"], name=op.f("fk_plan_parts_branch")),
        sa.PrimaryKeyConstraint("branch", "key", name=op.f("pk_plan_parts")),
    )
