"""How long before its first opening a window has to be there."""

from __future__ import annotations

from datetime import datetime, timedelta

from fleetwright.domain.maintenance.recurring import Recurring
from fleetwright.domain.windows import plain_utc

LEAD = timedelta(minutes=15)


def why_too_late(window: Recurring, created_at: datetime | None, now: datetime) -> str:
    """Why the period that is open now does not count yet; empty where it does, and where none is open (N31).

    :param created_at: ``systemData`` of the configuration, None where it does not tell
    """
    period = window.period_at(now)
    if period is None or created_at is None or period.opens - plain_utc(created_at) >= LEAD:
        return ""
    return (
        f"its maintenance window opened at {_clock(period.opens)} UTC, but was written at "
        f"{_clock(plain_utc(created_at))} UTC: Azure asks for 15 minutes before the opening (N31)"
    )


def _clock(instant: datetime) -> str:
    return f"{instant:%Y-%m-%d %H:%M}"
