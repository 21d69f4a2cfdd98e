"""To whom a file was sent, so that the same file to many people in single messages is seen as what it is."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "sent_files",
        sa.Column("link", sa.Text(), nullable=False),
        sa.Column("sending", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("people", sa.LargeBinary(), nullable=False),
        sa.Column("retention", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("link", "sending", name=op.f("pk_sent_files")),
    )
    op.create_index("ix_sent_files_link_at", "sent_files", ["link", "at"], unique=False)
    op.create_index("ix_sent_files_sending", "sent_files", ["sending"], unique=False)
    op.create_index("ix_sent_files_until", "sent_files", ["until"], unique=False)
