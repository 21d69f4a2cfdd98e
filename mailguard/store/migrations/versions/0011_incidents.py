"""The register of incidents, and up to where the ledger was read for it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

OLDEST = "0010"
"""Whose code may be started on this schema: it does not look at the register."""


def upgrade() -> None:
    op.create_table(
        "incidents",
        sa.Column("incident", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("happened_at", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("retention", sa.Text(), nullable=False),
        sa.Column("master", sa.Text(), nullable=False),
        sa.Column("wrapped_key", sa.LargeBinary(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("incident", "revision", name=op.f("pk_incidents")),
    )
    op.create_index("ix_incidents_happened_at", "incidents", ["happened_at"], unique=False)
    op.create_table(
        "register_positions",
        sa.Column("ledger", sa.Text(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("ledger", name=op.f("pk_register_positions")),
    )
    compatible = sa.table("compatible", sa.column("revision", sa.Text()), sa.column("oldest", sa.Text()))
    op.bulk_insert(compatible, [{"revision": revision, "oldest": OLDEST}])
