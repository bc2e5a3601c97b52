"""From a URL to an engine: everything that can be wrong with a URL, and how SQLite is made safe."""

from __future__ import annotations

import os
import time
from pathlib import Path
from sqlite3 import Connection as SqliteConnection
from sqlite3 import OperationalError as SqliteOperationalError
from typing import Any

from sqlalchemy import URL, Connection, Engine, StaticPool, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError

from fleetwright.domain.errors import LedgerError
from fleetwright.ledger.urls import mask_url

DIALECTS = frozenset({"sqlite", "postgresql"})
WRITES = "fleetwright_writes"  # the execution option of a transaction that will write
BUSY_SECONDS = 15.0  # half a lease of `fleetwright run`: a heartbeat that waited this long is still in time

_RIGHT = "write sqlite:////folder/file.db or postgresql://user@host/database"


def create_ledger_engine(url: str) -> Engine:
    """An engine for the URL; nothing is connected yet, and nothing created.

    :raises LedgerError: when the URL is malformed, of an unknown dialect, or names a place that cannot be used
    """
    parsed = _parse(url)
    if parsed.get_backend_name() != "sqlite":
        return _create(url, parsed, pool_pre_ping=True)
    if parsed.database in {None, "", ":memory:"}:
        # One connection for all threads: a second one would see another, empty database.
        engine = _create(url, parsed, poolclass=StaticPool, connect_args=_sqlite_arguments())
    else:
        parsed = parsed.set(database=str(_usable_file(url, parsed)))
        engine = _create(url, parsed, connect_args=_sqlite_arguments())
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def sqlite_file(url: str) -> Path | None:
    """The file of a SQLite URL; None where there is none, or where the URL cannot be read."""
    try:
        parsed = make_url(url)
    except ArgumentError:
        return None
    is_file = parsed.get_backend_name() == "sqlite" and parsed.database not in {None, "", ":memory:"}
    return Path(str(parsed.database)) if is_file else None


def _parse(url: str) -> URL:
    # The causes are cut off on purpose: their texts quote parts of the URL, and so of a password.
    try:
        parsed = make_url(url)
        dialect = parsed.get_backend_name()
    except (ArgumentError, ValueError):
        raise LedgerError(f"ledger {mask_url(url)!r} is not a database URL: {_RIGHT}") from None
    if dialect not in DIALECTS:
        raise LedgerError(
            f"ledger {mask_url(url)}: {dialect!r} is not a database a ledger lives in: {_RIGHT}"
        )
    if dialect == "sqlite" and (parsed.host or parsed.query):
        raise LedgerError(f"ledger {mask_url(url)}: SQLite has neither host nor options: {_RIGHT}")
    return parsed


def _create(url: str, parsed: URL, **options: Any) -> Engine:  # noqa: ANN401 - handed on to create_engine
    try:
        engine = create_engine(parsed, **options)
    except ModuleNotFoundError as error:
        raise LedgerError(
            f"ledger {mask_url(url)} needs the Python package {error.name!r}, which is not installed"
        ) from None
    except (ArgumentError, NoSuchModuleError, TypeError):
        raise LedgerError(f"ledger {mask_url(url)} cannot be read as a database URL: {_RIGHT}") from None
    if engine.dialect.is_async:
        raise LedgerError(f"ledger {mask_url(url)}: the driver is an asynchronous one: {_RIGHT}")
    return engine


def _usable_file(url: str, parsed: URL) -> Path:
    path = Path(str(parsed.database)).absolute()
    try:
        wrong = _find_fault(path)
    except OSError as error:
        wrong = f"{path} cannot be reached ({error.strerror}): name a file in a folder of your own"
    if wrong:
        raise LedgerError(f"ledger {mask_url(url)}: {wrong}")
    return path


def _find_fault(path: Path) -> str:
    if not path.parent.is_dir():
        return f"the folder {path.parent} does not exist: create it, or name another file"
    if path.is_dir():
        return f"{path} is a folder: name a file in it"
    # WAL writes two files beside the database, so the folder must be writable as well.
    for place in (path.parent, path):
        if place.exists() and not os.access(place, os.R_OK | os.W_OK):
            return f"{place} may not be read and written by this user: name a file in a folder of your own"
    return ""


def _sqlite_arguments() -> dict[str, Any]:
    # No isolation level: the driver must not begin transactions of its own, _begin_sqlite does.
    return {"timeout": BUSY_SECONDS, "isolation_level": None, "check_same_thread": False}


def _prepare_sqlite(connection: SqliteConnection, _record: object) -> None:
    _switch_to_wal(connection)
    # FULL: an intent that was written down must survive a power cut, not only a killed process.
    connection.execute("PRAGMA synchronous=FULL")


def _switch_to_wal(connection: SqliteConnection) -> None:
    # Only the very first switch of a file writes; two at once fail at once, without the busy timeout.
    deadline = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except SqliteOperationalError as error:
            if "locked" not in str(error) or time.monotonic() > deadline:
                raise
            time.sleep(0.01)
        else:
            return


def _begin_sqlite(connection: Connection) -> None:
    # A write takes the lock at its beginning: one that reads first and then finds the file taken would fail.
    writes = connection.get_execution_options().get(WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
