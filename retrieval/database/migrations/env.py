"""Runs the migrations of any of the databases on the connection that it is given.

See ``retrieval.database.migration``.
"""

from __future__ import annotations

from alembic import context

context.configure(
    connection=context.config.attributes["connection"],
    version_table=context.config.attributes["version_table"],
    # SQLite changes a table by making it anew.
    render_as_batch=True,
    # Many migrations are one transaction, with the caller's: all of them or none.
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
