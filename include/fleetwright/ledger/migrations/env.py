"""Alembic's entry: the migrations run on the connection, and in the transaction, that the ledger hands over."""

from __future__ import annotations

from alembic import context

from fleetwright.ledger.schema import VERSION_TABLE
from fleetwright.ledger.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table=VERSION_TABLE,
)
context.run_migrations()
