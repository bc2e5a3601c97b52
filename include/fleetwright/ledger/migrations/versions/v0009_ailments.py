"""A swap keeps what its instance suffered, before and after a rollback, apart from the words that tell it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

_OLD_WORDS, _WORDS = "; rollback: ready", "; rolled back"


def upgrade() -> None:
    """Of swaps from before nothing is known but the words; those of a rollback that succeeded are now others."""
    for name in ("suffered", "after_rollback"):
        op.add_column("swaps", sa.Column(name, sa.Text(), nullable=False, server_default="{}"))
    swaps = sa.table("swaps", sa.column("state", sa.Text()), sa.column("verdict_reason", sa.Text()))
    reason = swaps.c.verdict_reason
    kept = sa.func.substr(reason, 1, sa.func.length(reason) - len(_OLD_WORDS))
    succeeded = swaps.update().where(swaps.c.state == "rolled back", reason.endswith(_OLD_WORDS))
    op.get_bind().execute(succeeded.values(verdict_reason=kept + _WORDS))
