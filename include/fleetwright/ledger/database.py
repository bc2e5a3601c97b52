"""Transactions: one at a time in this process, every database error told in one line."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from threading import Lock

from sqlalchemy import Connection, Engine, func, select
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from fleetwright.domain.errors import LedgerError
from fleetwright.ledger.chain import Head, moving_head
from fleetwright.ledger.engine import BUSY_SECONDS, WRITES
from fleetwright.ledger.values import to_utc

WallClock = Callable[[], datetime]

# What SQLite says, and what it means for the person who reads it.
_MEANINGS = {
    "file is not a database": "is a file that is no SQLite database: move it away or name another file",
    "unable to open database file": "cannot be opened: the folder must exist, and be writable by this user",
    "readonly database": "may not be written by this user: change its permissions or name another file",
    "database is locked": f"was kept locked by another process for {BUSY_SECONDS:.0f} s: look who writes to it",
    "database or disk is full": "has no room left on its disk: nothing was written",
}


@dataclass(frozen=True, slots=True)
class Write:
    """One write transaction, alone in the whole ledger.

    :param now: wall time, read after everybody who was before had finished
    """

    connection: Connection
    head: Head
    now: datetime


class Database:
    """An engine with its wall clock: leases live on that, whatever clock a rollout has.

    Every method raises ``LedgerError``, naming the ledger, where the database raises anything.

    :param label: the URL as it may be shown: without its password
    :param wall_clock: for tests; without it, time is the host's, and on PostgreSQL the database's own
    """

    def __init__(self, engine: Engine, label: str, wall_clock: WallClock | None = None) -> None:
        self.label = label
        self._engine = engine
        self._writer = engine.execution_options(**{WRITES: True})
        self._wall_clock = wall_clock
        # Threads of one process queue here: fairer than the file's lock, and all that an in-memory one has.
        self._turn = Lock()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that sees one state of the ledger and changes nothing."""
        with self._turn, self._explaining(), self._engine.begin() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Write]:
        """A transaction that is written as a whole, or not at all when anything is raised inside."""
        with self.altering() as connection, moving_head(connection) as head:
            yield Write(connection, head, self.now(connection))

    @contextmanager
    def altering(self) -> Iterator[Connection]:
        """The same without a head: what migrations run in, before there is one."""
        with self._turn, self._explaining(), self._writer.begin() as connection:
            yield connection

    @contextmanager
    def _explaining(self) -> Iterator[None]:
        try:
            yield
        except SQLAlchemyError as error:
            raise LedgerError(f"ledger {self.label} {_explain(error)}") from error

    def now(self, connection: Connection) -> datetime:
        """Wall time: the host's, or on PostgreSQL the database's."""
        if self._wall_clock is not None:
            return to_utc(self._wall_clock())
        if connection.dialect.name == "postgresql":
            # now() is when the transaction began, which is long ago after waiting for a lock.
            return to_utc(connection.execute(select(func.clock_timestamp())).scalar_one())
        return datetime.now(UTC)

    def close(self) -> None:
        """Give every connection back; a later call would connect again."""
        self._engine.dispose()


def _explain(error: SQLAlchemyError) -> str:
    cause = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    detail = " ".join(str(cause).split())
    for said, meaning in _MEANINGS.items():
        if said in detail:
            return meaning
    return f"cannot be read or written: {detail}"
