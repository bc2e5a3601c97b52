"""How values are written down: instants in UTC, JSON in one canonical form, a fleet's one key."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import DateTime, Dialect
from sqlalchemy.types import TypeDecorator

from fleetwright.domain.errors import LedgerError


def to_utc(instant: datetime) -> datetime:
    """The same instant as a plain, aware datetime in UTC.

    :raises LedgerError: when the instant has no time zone
    """
    if instant.tzinfo is None:
        raise LedgerError(f"the instant {instant.isoformat()} has no time zone: the ledger keeps UTC")
    # combine() makes a plain datetime of any subclass that a clock may hand out.
    utc = instant.astimezone(UTC)
    return datetime.combine(utc.date(), utc.time(), UTC)


def canonical_json(value: Any) -> str:  # noqa: ANN401 - any plain JSON value
    """The one text of a JSON value: sorted keys, no spaces, ASCII.

    :raises LedgerError: when the value is no plain JSON
    """
    try:
        return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)
    except (TypeError, ValueError) as error:
        raise LedgerError(f"only plain JSON can be written down: {error}") from error


def fleet_key_of(resource_id: str) -> str:
    """A fleet's key, from its ARM id in whatever case and with or without a trailing slash."""
    return resource_id.strip().rstrip("/").lower()


class UtcDateTime(TypeDecorator[datetime]):
    """Stored as UTC, read back aware, on databases with and without time zones."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        """To UTC."""
        return None if value is None else to_utc(value)

    def process_result_value(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        """Aware again: SQLite keeps no zone, PostgreSQL answers in the session's."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
