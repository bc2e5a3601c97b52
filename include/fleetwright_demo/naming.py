"""Names of the runs that the project starts."""

from __future__ import annotations

from datetime import datetime


def run_name(fleet_id: str, version: str, now: datetime) -> str:
    """A DAG run's name: fleet, version and time.

    >>> from datetime import UTC
    >>> run_name("/subscriptions/s/x/web", "1.2.3", datetime(2024, 6, 1, tzinfo=UTC))
    'web__1.2.3__20240601T000000Z'
    """
    return f"{fleet_id.rstrip('/').rpartition('/')[2]}__{version}__{now:%Y%m%dT%H%M%SZ}"
