"""How Alembic runs a migration: on the connection that migrate.py hands over, inside its transaction."""

from __future__ import annotations

from alembic import context

from mailguard.store.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
