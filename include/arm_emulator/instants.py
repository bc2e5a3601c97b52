"""Instants on the wire: world documents and admin routes write ``Z``, ARM writes seven digits and an offset."""

from __future__ import annotations

from datetime import UTC, datetime

DEFAULT_NOW = datetime(2024, 6, 1, tzinfo=UTC)
"""The world's time at load when a world document names none."""


def parse_instant(text: str) -> datetime:
    """Read an ISO 8601 instant; one without an offset is UTC.

    :raises ValueError: the text is no instant.
    """
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None:
        return instant.replace(tzinfo=UTC)
    return instant.astimezone(UTC)


def admin_instant(instant: datetime) -> str:
    """``2024-06-01T00:00:00Z``, with a fraction only where there is one."""
    return instant.isoformat().replace("+00:00", "Z")


def arm_instant(instant: datetime) -> str:
    """``2024-06-01T00:00:00.0000000+00:00``: Microsoft.Compute writes seven fractional digits."""
    return f"{instant.isoformat(timespec='microseconds')[:26]}0+00:00"
