"""Invitations that a rule has sent as separate copies."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "occasions",
        sa.Column("occasion", sa.Text(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.Column("retention", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("occasion", name=op.f("pk_occasions")),
    )
    op.create_index("ix_occasions_until", "occasions", ["until"], unique=False)
