"""Whether a rollout has suspended the set's automatic repairs and not resumed them yet."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Rollouts from before suspended nothing."""
    op.add_column(
        "rollouts", sa.Column("repairs_suspended", sa.Boolean(), nullable=False, server_default=sa.false())
    )
