"""The tables of a novel's database, as SQLAlchemy sees them.

`migrations` creates and changes them; a test holds the two descriptions equal. Nested values
are JSON text: they are read whole, and only what is searched or summed has a column of its own.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    false,
)

SCHEMA_REVISION = "0004"
"""The newest migration, so that an up-to-date database opens without loading Alembic."""

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
    }
)

alembic_version = Table(
    "alembic_version",
    MetaData(naming_convention={"pk": "%(table_name)s_pkc"}),
    Column("version_num", String(32), primary_key=True),
)
"""Where Alembic notes the newest migration that ran, as Alembic makes it."""

novel = Table(
    "novel",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("created", String(40), nullable=False),
)

plans = Table(
    "plans",
    metadata,
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("parent", Integer, ForeignKey("plans.version")),
    Column("hash", String(64), nullable=False, index=True),
    Column("body", JSON, nullable=False),
    Column("differs", Boolean, nullable=False, server_default=false()),
    # Whether `body` is what changed since the parent (see `differences`), not a whole plan.
    Column("created", String(40), nullable=False),
)

commits = Table(
    "commits",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("parent", String(64), ForeignKey("commits.id"), index=True),
    Column("position", Integer, nullable=False),
    Column("scene_id", Text, nullable=False),
    Column("chapter_id", Text, nullable=False),
    Column("plan_version", Integer, ForeignKey("plans.version"), nullable=False),
    Column("prose", Text, nullable=False),
    Column("words", Integer, nullable=False, server_default="0"),
    Column("summary", Text, nullable=False),
    Column("findings", JSON, nullable=False),
    Column("accepted_by", String(16), nullable=False),
    Column("provenance", JSON, nullable=False),
    Column("stale", JSON, nullable=False),
)

facts = Table(
    "facts",
    metadata,
    Column("commit_id", String(64), ForeignKey("commits.id"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("subject", Text, nullable=False),
    Column("statement", Text, nullable=False),
    Column("quote", Text, nullable=False),
)

branches = Table(
    "branches",
    metadata,
    Column("name", Text, primary_key=True),
    Column("head", String(64), ForeignKey("commits.id")),
    Column("plan_version", Integer, ForeignKey("plans.version")),
    Column("forked_from", String(64), ForeignKey("commits.id")),
)

finished = Table(
    "finished",
    metadata,
    Column("branch", Text, ForeignKey("branches.name"), primary_key=True),
    Column("head", String(64), ForeignKey("commits.id"), nullable=False),
)

plan_parts = Table(
    "plan_parts",
    metadata,
    Column("branch", Text, ForeignKey("branches.name"), primary_key=True),
    Column("key", Text, primary_key=True),
    Column("body", JSON, nullable=False),
)

drafts = Table(
    "drafts",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("id", Text, nullable=False, unique=True),
    Column("branch", Text, ForeignKey("branches.name"), nullable=False),
    Column("parent", String(64), ForeignKey("commits.id")),
    Column("scene_id", Text, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("prose", Text, nullable=False),
    Column("provenance", JSON, nullable=False),
    Index(None, "branch", "parent", "scene_id"),
)

reviews = Table(
    "reviews",
    metadata,
    Column("draft", Text, ForeignKey("drafts.id"), primary_key=True),
    Column("reviewer", String(32), primary_key=True),
    Column("said", JSON, nullable=False),
)

recalled = Table(
    "recalled",
    metadata,
    Column("step", Text, primary_key=True),
    Column("branch", Text, ForeignKey("branches.name"), nullable=False),
    Column("parent", String(64), ForeignKey("commits.id")),
    Column("notes", JSON, nullable=False),
    Index(None, "branch", "parent"),
)

part_summaries = Table(
    "part_summaries",
    metadata,
    Column("key", String(64), primary_key=True),
    Column("summary", Text, nullable=False),
)

calls = Table(
    "calls",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("key", String(64), nullable=False, index=True),
    Column("role", String(32), nullable=False),
    Column("purpose", Text, nullable=False),
    Column("step", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("adapter", Text, nullable=False),
    Column("prompt_hash", String(64), nullable=False),
    Column("messages", JSON, nullable=False),
    Column("sampling", JSON, nullable=False),
    Column("seed", BigInteger, nullable=False),
    Column("text", Text, nullable=False),
    Column("thinking", Text, nullable=False),
    Column("finish_reason", Text, nullable=False),
    Column("prompt_tokens", Integer, nullable=False),
    Column("cached_tokens", Integer, nullable=False),
    Column("completion_tokens", Integer, nullable=False),
    Column("seconds", Float, nullable=False),
    Column("outcome", String(16), nullable=False),
    Column("error", Text, nullable=False),
    Column("at", String(40), nullable=False),
)

events = Table(
    "events",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("kind", String(32), nullable=False, index=True),
    Column("at", String(40), nullable=False),
    Column("branch", Text, nullable=False, server_default="main"),
    Column("body", JSON, nullable=False),
)

acts = Table(
    "acts",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("branch", Text, ForeignKey("branches.name"), nullable=False),
    Column("body", JSON, nullable=False),
    Column("by", Text, nullable=False),
    Column("left_at", String(40), nullable=False),
    Column("status", String(16), nullable=False),
    Column("reason", Text, nullable=False),
    Column("point", String(16), nullable=False),
    Column("target", Text, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("commit", String(64), ForeignKey("commits.id")),
    Column("plan_version", Integer, ForeignKey("plans.version")),
    Column("settled_at", String(40), nullable=False),
    Index(None, "branch", "status"),
)

exemptions = Table(
    "exemptions",
    metadata,
    Column("key", Text, primary_key=True),
    Column("reason", Text, nullable=False),
)
