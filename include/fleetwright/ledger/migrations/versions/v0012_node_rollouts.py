"""Upgrades of AKS node images: one row each, with what its events come to."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Nothing from before was one."""
    op.create_table(
        "node_rollouts",
        sa.Column("rollout_id", sa.String(128), primary_key=True),
        sa.Column("fleet_key", sa.String(512), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("body", sa.Text(), nullable=False),
    )
    op.create_index("node_rollouts_by_fleet", "node_rollouts", ["fleet_key", "started_at"])
