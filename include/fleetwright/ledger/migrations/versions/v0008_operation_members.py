"""A batch knows which instances each of its operations carries."""

from __future__ import annotations

import json

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Operations from before carry nobody that is known, one empty list for each."""
    op.add_column("batches", sa.Column("operation_members", sa.Text(), nullable=False, server_default="[]"))
    batches = sa.table(
        "batches", sa.column("operation_urls", sa.Text()), sa.column("operation_members", sa.Text())
    )
    connection = op.get_bind()
    for urls in connection.execute(sa.select(batches.c.operation_urls).distinct()).scalars().all():
        unknown = json.dumps([[] for _ in json.loads(urls)], separators=(",", ":"))
        same = batches.update().where(batches.c.operation_urls == urls)
        connection.execute(same.values(operation_members=unknown))
