"""Planned maintenance of AKS: when a cluster's window is open, as its maintenance configuration says.

::

    schedules    on which days it opens: daily, weekly, absolute and relative monthly
    recurring    what opens again and again: contains, next_opening, remaining, period_at, openings
    blackouts    stretches of time in which nothing is open
    windows      ``MaintenanceWindow``: schedule, hours, utcOffset, startDate, notAllowedDates; ``SUNDAY``
    hour_slots   the older body of ``default``: timeInWeek and notAllowedTime
    fields       values of a body, and what would be right instead
    reading      a body as ARM writes it becomes a window
    writing      and back

Which days count where Azure's documents are silent:

- Intervals are counted from the calendar day, week or month that holds ``startDate``; what would open before
  ``startDate`` is left out, and does not move the count. Weeks begin on Sunday. So "every 2 weeks on Sunday" from
  Tuesday 2026-04-14 opens on 2026-04-26 first: that is what users of AKS see (question 5720 of Azure/AKS).
- Without ``startDate`` days are counted from 1970-01-01, weeks from Sunday 1970-01-04, months from January 1970, so
  that two processes agree. Azure writes the day of creation into ``startDate``, so this is rare.
- ``absoluteMonthly`` on a day that a month does not have opens not at all in that month: nothing begins on a day that
  nobody has named. The end of each month is ``relativeMonthly`` with ``Last``.
- A period belongs to the day on which it opens, in ``utcOffset``, and may cross midnight.
- A forbidden day is forbidden from midnight to midnight in ``utcOffset``: it ends a period that has begun before, and
  what is left of one after it opens when the day is over. Nothing is open within.
"""

from __future__ import annotations

from fleetwright.domain.maintenance.hour_slots import HourSlots
from fleetwright.domain.maintenance.reading import (
    ConfigurationName,
    read_maintenance_configuration,
    read_maintenance_window,
)
from fleetwright.domain.maintenance.recurring import ENDLESS, Recurring
from fleetwright.domain.maintenance.schedules import (
    AbsoluteMonthly,
    Daily,
    DayOfWeek,
    MaintenanceSchedule,
    RelativeMonthly,
    WeekIndex,
    Weekly,
)
from fleetwright.domain.maintenance.windows import SUNDAY, MaintenanceWindow
from fleetwright.domain.maintenance.writing import write_maintenance_window

__all__ = [
    "ENDLESS",
    "SUNDAY",
    "AbsoluteMonthly",
    "ConfigurationName",
    "Daily",
    "DayOfWeek",
    "HourSlots",
    "MaintenanceSchedule",
    "MaintenanceWindow",
    "Recurring",
    "RelativeMonthly",
    "WeekIndex",
    "Weekly",
    "read_maintenance_configuration",
    "read_maintenance_window",
    "write_maintenance_window",
]
