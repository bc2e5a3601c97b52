"""A batch that surges knows the set as it was before, and a swap the instance that takes its place."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Batches from before were swapped in place."""
    op.add_column("batches", sa.Column("capacity", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("batches", sa.Column("known_ids", sa.Text(), nullable=False, server_default="[]"))
    op.add_column("swaps", sa.Column("replacement_id", sa.Text(), nullable=False, server_default=""))
