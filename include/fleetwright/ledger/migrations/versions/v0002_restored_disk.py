"""The disk that a rollback brought stands beside the one that the swap brought."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Rows from before have none."""
    op.add_column("swaps", sa.Column("restored_disk_id", sa.Text(), nullable=False, server_default=""))
