"""Every row carries the id of its server, and what was asked in direct messages one of their own.

Revision: 0002, after 0001
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("UPDATE asked SET server = 0 WHERE server IS NULL")
    for table in ("quoted", "votes"):
        op.add_column(
            table, sa.Column("server", sa.BigInteger(), server_default="0", nullable=False)
        )
        op.execute(
            f"UPDATE {table} SET server = "  # noqa: S608
            f"coalesce((SELECT server FROM asked WHERE asked.id = {table}.asked_id), 0)"
        )


def downgrade() -> None:
    for table in ("quoted", "votes"):
        op.drop_column(table, "server")
    op.execute("UPDATE asked SET server = NULL WHERE server = 0")
