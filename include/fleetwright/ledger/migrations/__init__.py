"""Alembic migrations, shipped with the package and run when a ledger is opened."""
