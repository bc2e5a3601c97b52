"""A person's word may be for a run that has not taken its fleet yet."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Every word from before was for a rollout, or for whichever ran then."""
    op.add_column("controls", sa.Column("owner", sa.Text(), nullable=False, server_default=""))
