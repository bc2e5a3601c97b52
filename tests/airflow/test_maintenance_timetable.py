"""The timetable of maintenance windows: one run at each opening, never a run on a forbidden day."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise, takewhile
from typing import Any

import pendulum
import pytest
from airflow.serialization.decoders import decode_timetable
from airflow.serialization.encoders import encode_timetable
from airflow.timetables.base import DagRunInfo, DataInterval, TimeRestriction
from hypothesis import given, settings
from hypothesis import strategies as st
from window_strategies import FIRST, Body, sets_of_windows, weekly

from fleetwright.airflow.maintenance_timetable import MaintenanceWindowTimetable
from fleetwright.domain.errors import ConfigurationError
from fleetwright.domain.maintenance import read_maintenance_window

START = datetime(FIRST.year, FIRST.month, FIRST.day, tzinfo=UTC)
YEARS = timedelta(days=3 * 366)
SATURDAY = datetime(2024, 6, 1, tzinfo=UTC)


class Stopped:
    """A clock that stands."""

    def __init__(self, instant: datetime) -> None:
        self.instant = instant

    def now(self) -> datetime:
        """The one instant."""
        return self.instant

    def wait_until(self, instant: datetime) -> None:
        """Time passes only here."""
        self.instant = max(self.instant, instant)


def timetable(now: datetime = START, **windows: Body) -> MaintenanceWindowTimetable:
    """A timetable at an instant."""
    made = MaintenanceWindowTimetable(windows)
    made.clock = Stopped(now)
    return made


def restriction(
    *, catchup: bool = False, earliest: datetime | None = None, latest: datetime | None = None
) -> TimeRestriction:
    """What Airflow hands in from a DAG's arguments."""
    first, last = (pendulum.instance(at) if at else None for at in (earliest, latest))
    return TimeRestriction(first, last, catchup)


def runs(
    table: MaintenanceWindowTimetable, limits: TimeRestriction, last: DataInterval | None = None
) -> Iterator[DagRunInfo]:
    """Run after run, each asked for with the interval of the one before."""
    while info := table.next_dagrun_info(last_automated_data_interval=last, restriction=limits):
        yield info
        last = info.data_interval


def forbidden(body: Body) -> Iterator[tuple[datetime, datetime]]:
    """First and last instant of the days that a body forbids, worked out from its own words."""
    hours, minutes = body["utcOffset"][1:].split(":")
    shift = timedelta(hours=int(hours), minutes=int(minutes))
    shift = -shift if body["utcOffset"].startswith("-") else shift
    for stretch in body.get("notAllowedDates", ()):
        first, last = (datetime.fromisoformat(stretch[end]).replace(tzinfo=UTC) for end in ("start", "end"))
        yield first - shift, last + timedelta(days=1) - shift


@settings(max_examples=60, deadline=None)
@given(sets_of_windows)
def test_runs_are_the_openings_of_the_windows(windows: dict[str, Body]) -> None:
    """N31, R71: over three years there is exactly one run for each instant at which some window opens, in order."""
    end = START + YEARS
    read = [read_maintenance_window(body) for body in windows.values()]
    opens = {p.opens for window in read for p in window.periods(START, end) if START <= p.opens < end}

    found = runs(timetable(**windows), restriction(catchup=True, earliest=START))
    made = [info.run_after for info in takewhile(lambda info: info.run_after < end, found)]

    assert made == sorted(opens)
    assert all(first < second for first, second in pairwise(made))


@settings(max_examples=60, deadline=None)
@given(sets_of_windows)
def test_no_run_on_a_day_that_its_window_forbids(windows: dict[str, Body]) -> None:
    """N31: where every window forbids an instant, no run falls on it, and no run's interval reaches into it."""
    end = START + YEARS
    found = runs(timetable(**windows), restriction(catchup=True, earliest=START))

    for info in takewhile(lambda info: info.run_after < end, found):
        allowing = [
            name
            for name, body in windows.items()
            if not any(first <= info.run_after < last for first, last in forbidden(body))
        ]
        assert allowing, f"every window forbids {info.run_after}"
        assert info.data_interval
        assert info.data_interval.start == info.run_after < info.data_interval.end


@settings(max_examples=40, deadline=None)
@given(sets_of_windows, st.integers(0, 3 * 366 * 24 * 60))
def test_without_catchup_a_run_is_due_where_a_window_is_open(windows: dict[str, Body], minute: int) -> None:
    """R71: asked at any minute, the first run is the newest opening of what is open then, else the next opening."""
    now = START + timedelta(minutes=minute)
    read = [read_maintenance_window(body) for body in windows.values()]
    open_now = [period.opens for window in read if (period := window.period_at(now))]

    info = next(runs(timetable(now, **windows), restriction()), None)

    if open_now:
        assert info
        assert info.run_after == max(open_now)
    else:
        assert info is None or info.run_after > now


@settings(max_examples=40, deadline=None)
@given(sets_of_windows, st.booleans())
def test_what_airflow_stores_tells_the_same_runs(windows: dict[str, Body], catchup: bool) -> None:
    """What the scheduler reads from the database says the same as the DAG file: words, and run after run."""
    before = timetable(**windows)
    after = decode_timetable(json.loads(json.dumps(encode_timetable(before))))
    assert isinstance(after, MaintenanceWindowTimetable)
    after.clock = before.clock
    limits = restriction(catchup=catchup, earliest=START if catchup else None)

    first, second = runs(before, limits), runs(after, limits)

    assert [next(first, None) for _ in range(5)] == [next(second, None) for _ in range(5)]
    assert (after.summary, after.serialize()) == (before.summary, before.serialize())


def test_a_run_is_as_long_as_its_window() -> None:
    """The data interval is from the opening to the closing, and the run begins at the opening (R71)."""
    info = next(runs(timetable(SATURDAY, shop=weekly("Sunday", "22:30", 5)), restriction()))

    assert str(info.run_after) == "2024-06-02 22:30:00+00:00"
    assert info.data_interval == DataInterval(info.run_after, info.run_after.add(hours=5))


def test_what_opens_together_is_one_run() -> None:
    """Two clusters with the same opening are one evaluation, which lasts until the later closing (N31)."""
    table = timetable(SATURDAY, shop=weekly("Sunday", hours=4), bank=weekly("Sunday", hours=9))

    first, second = (info for info, _ in zip(runs(table, restriction()), range(2), strict=False))

    assert [str(run.run_after)[:16] for run in (first, second)] == ["2024-06-02 00:00", "2024-06-09 00:00"]
    assert first.data_interval
    assert first.data_interval.end.hour == 9


def test_an_open_window_that_had_its_run_has_no_second_one() -> None:
    """Within the same window the next run is the next opening (N31)."""
    noon = SATURDAY + timedelta(days=1, hours=5)
    table = timetable(noon, shop=weekly("Sunday"))

    first, second = (info for info, _ in zip(runs(table, restriction()), range(2), strict=False))

    assert str(first.run_after)[:16] == "2024-06-02 00:00"
    assert str(second.run_after)[:16] == "2024-06-09 00:00"


def test_missed_windows_are_not_made_up_for() -> None:
    """Without catchup weeks in which nobody ran the scheduler are gone: what counts is what is open now (R71)."""
    month_later = SATURDAY + timedelta(days=29, hours=1)
    table = timetable(month_later, shop=weekly("Sunday"))
    last = DataInterval(pendulum.datetime(2024, 6, 2), pendulum.datetime(2024, 6, 2, 8))

    info = next(runs(table, restriction(), last))

    assert str(info.run_after)[:16] == "2024-06-30 00:00"


def test_the_dags_first_and_last_day_are_kept() -> None:
    """No run before ``start_date``, one on it, none after ``end_date`` (as Airflow's own timetables)."""
    table = timetable(SATURDAY + timedelta(days=60), shop=weekly("Sunday"))
    first, last = datetime(2024, 6, 9, tzinfo=UTC), datetime(2024, 6, 23, tzinfo=UTC)

    made = runs(table, restriction(catchup=True, earliest=first, latest=last))

    assert [info.run_after.day for info in made] == [9, 16, 23]


def test_a_window_that_opened_before_the_first_day_is_not_due() -> None:
    """A DAG that starts inside of a window waits for the next one (as ``start_date`` says)."""
    inside = SATURDAY + timedelta(days=1, hours=3)
    info = next(runs(timetable(inside, shop=weekly("Sunday")), restriction(earliest=inside)))

    assert str(info.run_after)[:16] == "2024-06-09 00:00"


def test_windows_that_never_open_again_have_no_run() -> None:
    """A window whose days are all forbidden is no error: there is nothing to come (N31)."""
    for_ever = [{"start": "2024-01-01", "end": "9999-12-31"}]
    table = timetable(SATURDAY, shop=weekly("Sunday", notAllowedDates=for_ever))

    assert list(runs(table, restriction())) == []


def test_no_windows_at_all_are_no_runs() -> None:
    """An empty timetable says never, and starts nothing."""
    table = timetable()

    assert (table.summary, list(runs(table, restriction()))) == ("never", [])


@pytest.mark.parametrize(
    ("now", "start", "end"),
    [
        ("2024-06-02T03:00:00+00:00", "2024-06-02 00:00", "2024-06-02 08:00"),
        ("2024-06-04T03:00:00+00:00", "2024-06-04 03:00", "2024-06-04 03:00"),
    ],
)
def test_a_run_by_hand_has_the_window_that_is_open(now: str, start: str, end: str) -> None:
    """Inside of a window that one; outside the instant itself (R71)."""
    run_after = pendulum.DateTime.fromisoformat(now)

    interval = timetable(shop=weekly("Sunday")).infer_manual_data_interval(run_after=run_after)

    assert (str(interval.start)[:16], str(interval.end)[:16]) == (start, end)


def test_the_summary_is_the_windows_words() -> None:
    """The list of DAGs shows when it runs, in words that a person reads (N31)."""
    assert timetable(shop=weekly("Sunday")).summary == "every Sunday 00:00-08:00 UTC"


def test_the_summary_of_many_windows_is_short() -> None:
    """Clusters that share a window share their words, and of many windows the first two are shown."""
    days = ("Monday", "Monday", "Tuesday", "Wednesday", "Friday")
    table = timetable(**{f"c{i}": weekly(day) for i, day in enumerate(days)})

    assert table.summary == (
        "4 windows: c0, c1: every Monday 00:00-08:00 UTC; c2: every Tuesday 00:00-08:00 UTC; and 2 more"
    )
    assert "c4: every Friday" in table.description


def test_the_description_says_when_the_next_window_opens(monkeypatch: pytest.MonkeyPatch) -> None:
    """A person who looks at the DAG sees every window and the next opening."""
    monkeypatch.setattr(MaintenanceWindowTimetable, "clock", Stopped(SATURDAY))

    said = timetable(shop=weekly("Sunday"), bank=weekly("Monday")).description

    assert said == (
        "shop: every Sunday 00:00-08:00 UTC; bank: every Monday 00:00-08:00 UTC;"
        " next opening Sun 2024-06-02 00:00 UTC"
    )


def test_evaluations_come_one_after_the_other() -> None:
    """Two evaluations of a channel never run at once."""
    assert timetable(shop=weekly("Sunday")).active_runs_limit == 1


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"durationHours": 3}, "durationHours"),
        ({"schedule": {"daily": {"intervalDays": 1}, "weekly": {}}}, "maintenanceWindow.schedule has"),
    ],
)
def test_a_body_that_is_no_window_is_refused(change: dict[str, Any], said: str) -> None:
    """R72: a window that Azure would refuse never becomes a schedule."""
    with pytest.raises(ConfigurationError, match=said):
        timetable(shop={**weekly("Sunday"), **change})
