"""Servers and their settings, what was asked there, and how it was judged.

Revision: 0001, the first
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "servers",
        sa.Column("server", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("settings", sa.Text(), nullable=True),
        sa.Column("left_at", sa.String(length=40), nullable=True),
        sa.PrimaryKeyConstraint("server", name=op.f("pk_servers")),
    )
    op.create_table(
        "asked",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("server", sa.BigInteger(), nullable=True),
        sa.Column("channel", sa.BigInteger(), nullable=False),
        sa.Column("message", sa.BigInteger(), nullable=True),
        sa.Column("person", sa.BigInteger(), nullable=True),
        sa.Column("question", sa.Text(), nullable=True),
        sa.Column("answered", sa.Boolean(), nullable=False),
        sa.Column("confidence", sa.Float(), nullable=False),
        sa.Column("language", sa.String(length=20), nullable=True),
        sa.Column("at", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("told", sa.Boolean(), server_default=sa.text("0"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_asked")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_asked_at"), "asked", ["at"], unique=False)
    op.create_index(op.f("ix_asked_person"), "asked", ["person"], unique=False)
    op.create_index(op.f("ix_asked_server_at"), "asked", ["server", "at"], unique=False)
    op.create_index(op.f("ix_asked_server_state"), "asked", ["server", "state"], unique=False)
    op.create_table(
        "quoted",
        sa.Column("asked_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("article", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["asked_id"],
            ["asked.id"],
            name=op.f("fk_quoted_asked_id_asked"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("asked_id", "position", name=op.f("pk_quoted")),
    )
    op.create_table(
        "votes",
        sa.Column("asked_id", sa.Integer(), nullable=False),
        sa.Column("person", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("verdict", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["asked_id"],
            ["asked.id"],
            name=op.f("fk_votes_asked_id_asked"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("asked_id", "person", name=op.f("pk_votes")),
    )
    op.create_index(op.f("ix_votes_person"), "votes", ["person"], unique=False)


def downgrade() -> None:
    for table in ("votes", "quoted", "asked", "servers"):
        op.drop_table(table)
