"""What Alembic runs around the migrations: it takes the connection that `engine` hands over.

The caller's transaction is kept open, so a migration happens whole or not at all.
"""

from __future__ import annotations

from alembic import context

from novelcraft.tools.canon.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
