"""Which originals lie in an object store, and under which name this store writes there."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

OLDEST = "0010"
"""Whose code may be started on this schema: it cannot read what lies in an object store, so it does not send that."""


def upgrade() -> None:
    op.create_table(
        "objects",
        sa.Column("object", sa.Text(), nullable=False),
        sa.Column("blob", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("gone", sa.Boolean(), nullable=False),
        sa.Column("retention", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("object", name=op.f("pk_objects")),
    )
    op.create_index("ix_objects_blob", "objects", ["blob"], unique=False)
    op.create_index("ix_objects_gone", "objects", ["gone"], unique=False)
    op.create_table(
        "object_spaces",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("space", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_object_spaces")),
    )
    compatible = sa.table("compatible", sa.column("revision", sa.Text()), sa.column("oldest", sa.Text()))
    op.bulk_insert(compatible, [{"revision": revision, "oldest": OLDEST}])
