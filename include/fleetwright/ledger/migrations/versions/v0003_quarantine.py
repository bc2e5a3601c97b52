"""Image versions that made a rollout stop are kept, and a cancel names the rollout that it is meant for."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """No rollout from before puts a version away: nobody decided that then."""
    op.create_table(
        "quarantine",
        sa.Column("rollout_id", sa.String(128), primary_key=True),
        sa.Column("image", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("fleet_key", sa.String(512), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("released_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("released_by", sa.Text(), nullable=False, server_default=""),
        sa.Column("released_reason", sa.Text(), nullable=False, server_default=""),
    )
    op.add_column("controls", sa.Column("rollout_id", sa.String(128), nullable=False, server_default=""))
