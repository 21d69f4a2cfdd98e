"""What several guards share for minutes: of consoles, of wrong passwords, and the pace towards a server."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

OLDEST = "0010"
"""Whose code may be started on this schema: it keeps all this to itself."""


def upgrade() -> None:
    op.create_table(
        "short_lived",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("group", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.Column("retention", sa.Text(), nullable=False),
        sa.Column("master", sa.Text(), nullable=False),
        sa.Column("wrapped_key", sa.LargeBinary(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "key", name=op.f("pk_short_lived")),
    )
    op.create_index("ix_short_lived_group", "short_lived", ["kind", "group"], unique=False)
    op.create_index("ix_short_lived_until", "short_lived", ["until"], unique=False)
    op.create_table(
        "sign_in_counts",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("failures", sa.Float(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("turn", sa.BigInteger(), nullable=False),
        sa.Column("retention", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "key", name=op.f("pk_sign_in_counts")),
    )
    op.create_index("ix_sign_in_counts_at", "sign_in_counts", ["kind", "at"], unique=False)
    op.create_table(
        "paces",
        sa.Column("server", sa.Text(), nullable=False),
        sa.Column("next_at", sa.BigInteger(), nullable=False),
        sa.Column("retention", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("server", name=op.f("pk_paces")),
    )
    compatible = sa.table("compatible", sa.column("revision", sa.Text()), sa.column("oldest", sa.Text()))
    op.bulk_insert(compatible, [{"revision": revision, "oldest": OLDEST}])
