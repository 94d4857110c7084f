"""Runs the migrations on the connection that it is given; see ``retrieval.database.migration``."""

from __future__ import annotations

from alembic import context

from bot.store.schema import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    # SQLite changes a table by making it anew.
    render_as_batch=True,
    # Many migrations are one transaction, with the caller's: all of them or none.
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
