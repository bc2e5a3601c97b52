"""The schema's revision: read when a ledger is opened, moved on where it is older, refused where it is newer."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Column, Connection, MetaData, String, Table, func, inspect, select

from fleetwright.domain.errors import LedgerError
from fleetwright.ledger.database import Database

VERSION_TABLE = "ledger_version"  # not Alembic's usual name: a shared database may have that one already
REVISIONS = (
    "0001",
    "0002",
    "0003",
    "0004",
    "0005",
    "0006",
    "0007",
    "0008",
    "0009",
    "0010",
    "0011",
    "0012",
)  # every revision there is, oldest first; a test compares it with the migrations
HEAD = REVISIONS[-1]
MIGRATIONS = Path(__file__).parent / "migrations"

_ADVISORY_KEY = 0x666C656574  # "fleet"
_version = Table(VERSION_TABLE, MetaData(), Column("version_num", String(32), primary_key=True))


def ensure_schema(database: Database) -> None:
    """Bring the ledger to the newest schema; cheap where it is there already.

    :raises LedgerError: when it is from a newer Fleetwright, or is a database of something else
    """
    with database.reading() as connection:
        if _is_current(connection, database.label):
            return
    with database.altering() as connection:
        _wait_for_other_migrations(connection)
        _refuse_foreign(connection, database.label)
        # It does nothing where another process was faster.
        migrate(connection, HEAD)


def _is_current(connection: Connection, label: str) -> bool:
    revision = _read_revision(connection)
    if revision is not None and revision not in REVISIONS:
        raise LedgerError(
            f"ledger {label} has schema revision {revision!r}, and {HEAD!r} is the newest known here:"
            " use the newer Fleetwright that wrote it, or name another ledger"
        )
    return revision == HEAD


def _read_revision(connection: Connection) -> str | None:
    if not connection.dialect.has_table(connection, VERSION_TABLE):
        return None
    return connection.execute(select(_version.c.version_num)).scalar_one_or_none()


def _wait_for_other_migrations(connection: Connection) -> None:
    # SQLite's write transaction is alone already.
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(_ADVISORY_KEY)))


def _refuse_foreign(connection: Connection, label: str) -> None:
    # A PostgreSQL database may well be shared; a SQLite file with other tables is a mistyped path.
    if connection.dialect.name != "sqlite" or _read_revision(connection) is not None:
        return
    foreign = inspect(connection).get_table_names()
    if foreign:
        raise LedgerError(
            f"ledger {label} is a database of something else (table {foreign[0]!r}): name another file"
        )


def migrate(connection: Connection, revision: str) -> None:
    """Run the migrations up to a revision, in the connection's own transaction."""
    # Alembic costs a tenth of a second to import, and each Airflow task opens the ledger anew.
    from alembic import command  # noqa: PLC0415 - see above
    from alembic.config import Config  # noqa: PLC0415 - see above

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, revision)
