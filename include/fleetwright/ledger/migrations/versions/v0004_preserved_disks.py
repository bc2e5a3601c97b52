"""Whether a swap keeps the old disk itself, and which disks that were left behind are gone by now."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Rows from before kept no disk."""
    op.add_column(
        "swaps", sa.Column("preserves_disk", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.add_column("swaps", sa.Column("swept_disk_ids", sa.Text(), nullable=False, server_default="[]"))
