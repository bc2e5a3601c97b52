"""Runs at the openings of maintenance windows: the timetable of the schedules that keep node images current."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import pendulum
from airflow.timetables.base import DagRunInfo, DataInterval, TimeRestriction, Timetable

from fleetwright.domain.maintenance import MaintenanceWindow, read_maintenance_window
from fleetwright.domain.node_pools.openings import newest_open, opening_after
from fleetwright.domain.windows import Period
from fleetwright.rollout.clocks import SystemClock
from fleetwright.rollout.ports.clock import Clock

Body = Mapping[str, Any]
_MOST_IN_SUMMARY = 2
_TICK = timedelta(microseconds=1)


class MaintenanceWindowTimetable(Timetable):
    """One run at each opening of any of the windows; its data interval is from the opening to the closing.

    Without catchup an opening whose window is still open and that had no run is due at once, so that whoever unpauses
    a DAG inside a window needs not wait for the next one; of several open windows the one that opened last.

    :param windows: maintenance windows by name, each as ``maintenanceWindow`` of a maintenance configuration has it
    :raises ConfigurationError: when a body is no maintenance window
    """

    active_runs_limit = 1  # an evaluation finds what the one before it has started

    clock: Clock = SystemClock()

    def __init__(self, windows: Mapping[str, Body]) -> None:
        self.bodies = {name: dict(body) for name, body in windows.items()}
        self._windows: dict[str, MaintenanceWindow] = {
            name: read_maintenance_window(body) for name, body in self.bodies.items()
        }
        self.description = self._describe(self.clock.now())

    @classmethod
    def deserialize(cls, data: dict[str, Any]) -> Timetable:
        """From what ``serialize`` returned."""
        return cls(data["windows"])

    def serialize(self) -> dict[str, Any]:
        """As plain JSON: the windows as Azure has them."""
        return {"windows": self.bodies}

    @property
    def summary(self) -> str:
        """When it runs, short enough for a list of DAGs."""
        said = self._distinct()
        if len(said) <= 1:
            return next(iter(said), "never")
        shown = [f"{names}: {words}" for words, names in list(said.items())[:_MOST_IN_SUMMARY]]
        more = len(said) - len(shown)
        return f"{len(said)} windows: {'; '.join(shown)}{f'; and {more} more' if more else ''}"

    def infer_manual_data_interval(self, *, run_after: pendulum.DateTime) -> DataInterval:
        """The window that is open when somebody starts a run; the instant itself where all are closed."""
        period = newest_open(self._windows.values(), run_after)
        return _interval(period) if period else DataInterval.exact(run_after)

    def next_dagrun_info(
        self, *, last_automated_data_interval: DataInterval | None, restriction: TimeRestriction
    ) -> DagRunInfo | None:
        """The next opening that is due or will be; None where no window opens any more."""
        last = last_automated_data_interval.start if last_automated_data_interval else None
        period = self._next(last, restriction)
        if period is None or (restriction.latest is not None and period.opens > restriction.latest):
            return None
        return DagRunInfo(run_after=_instant(period.opens), data_interval=_interval(period))

    def _next(self, last: datetime | None, restriction: TimeRestriction) -> Period | None:
        after, now = _floor(last, restriction.earliest), self.clock.now()
        if not restriction.catchup:
            period = newest_open(self._windows.values(), now)
            if period and (after is None or period.opens > after):
                return period
            after = max(now, after or now)
        return opening_after(self._windows.values(), after or now)

    def _distinct(self) -> dict[str, str]:
        """Names by the words of their window: many clusters share one."""
        names: dict[str, list[str]] = {}
        for name, window in self._windows.items():
            names.setdefault(str(window), []).append(name)
        return {words: ", ".join(sharing) for words, sharing in names.items()}

    def _describe(self, now: datetime) -> str:
        lines = [f"{names}: {words}" for words, names in self._distinct().items()]
        opening = opening_after(self._windows.values(), now)
        coming = f"next opening {opening.opens:%a %Y-%m-%d %H:%M} UTC" if opening else "no opening to come"
        return "; ".join([*lines, coming])


def _floor(last: datetime | None, earliest: datetime | None) -> datetime | None:
    """After what an opening counts: the last run, or right before the first instant that is allowed."""
    allowed = earliest - _TICK if earliest else None
    return max(filter(None, (last, allowed)), default=None)


def _interval(period: Period) -> DataInterval:
    return DataInterval(_instant(period.opens), _instant(period.closes))


def _instant(instant: datetime) -> pendulum.DateTime:
    return pendulum.instance(instant).in_timezone("UTC")
