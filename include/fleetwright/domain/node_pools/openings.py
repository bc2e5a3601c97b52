"""Several maintenance windows as one: when the next of them opens, whichever it is."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from fleetwright.domain.maintenance import MaintenanceWindow
from fleetwright.domain.windows import Period


def opening_after(windows: Iterable[MaintenanceWindow], instant: datetime) -> Period | None:
    """The first opening after an instant, of any of the windows; None where none ever opens again.

    Windows that open at the same instant are one opening, which lasts as long as the longest of them.
    """
    nexts = (next(window.openings(instant), None) for window in windows)
    found = [period for period in nexts if period]
    return _longest(found, min(period.opens for period in found)) if found else None


def newest_open(windows: Iterable[MaintenanceWindow], instant: datetime) -> Period | None:
    """Of what is open at an instant, what opened last; None where everything is closed."""
    found = [period for window in windows if (period := window.period_at(instant))]
    return _longest(found, max(period.opens for period in found)) if found else None


def _longest(periods: list[Period], opens: datetime) -> Period:
    return Period(opens, max(period.closes for period in periods if period.opens == opens))
