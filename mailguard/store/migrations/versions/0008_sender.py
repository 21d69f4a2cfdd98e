"""Links by which senders act on their held messages, and what they say cannot wait."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "sender_links",
        sa.Column("link", sa.Text(), nullable=False),
        sa.Column("ref", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("retention", sa.Text(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("link", name=op.f("pk_sender_links")),
    )
    op.create_index("ix_sender_links_ref", "sender_links", ["ref"], unique=False)
    op.create_table(
        "urgent_calls",
        sa.Column("ref", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("sender_hash", sa.Text(), nullable=False),
        sa.Column("retention", sa.Text(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("ref", name=op.f("pk_urgent_calls")),
    )
    op.create_index("ix_urgent_calls_sender_hash", "urgent_calls", ["sender_hash", "at"], unique=False)
