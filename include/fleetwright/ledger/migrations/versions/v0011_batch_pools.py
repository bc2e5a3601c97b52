"""Batch pools: the nodes whose scheduling a rollout disabled, and those that it left because they stayed busy."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Nothing from before closed a node."""
    for name in ("closed", "left_busy"):
        op.add_column("rollouts", sa.Column(name, sa.Text(), nullable=False, server_default="{}"))
