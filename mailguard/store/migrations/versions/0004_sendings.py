"""Traces of messages that later ones are compared with."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "sendings",
        sa.Column("sending", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("trace", sa.LargeBinary(), nullable=False),
        sa.Column("retention", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("sending", name=op.f("pk_sendings")),
    )
    op.create_index("ix_sendings_until", "sendings", ["until"], unique=False)
    op.create_table(
        "sending_links",
        sa.Column("link", sa.Text(), nullable=False),
        sa.Column("sending", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("link", "sending", name=op.f("pk_sending_links")),
    )
    op.create_index("ix_sending_links_sending", "sending_links", ["sending"], unique=False)
