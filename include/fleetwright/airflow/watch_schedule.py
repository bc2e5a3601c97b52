"""When the image watch looks: every half an hour, or as soon as its trigger has seen something new."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from airflow.sdk import Asset, AssetOrTimeSchedule, DeltaTriggerTimetable

from fleetwright.airflow.assets import news_asset
from fleetwright.airflow.connections import AZURE_CONNECTION
from fleetwright.airflow.news_trigger import ImageNewsTrigger
from fleetwright.domain.errors import ConfigurationError
from fleetwright.domain.seen_images import WatchTimes
from fleetwright.phases.watch.watch_file import load_watch_times, watch_file

MODE_VARIABLE = "FLEETWRIGHT_WATCH"
EVENTS, TIMES = "events", "times"


def watch_schedule(azure_conn_id: str = AZURE_CONNECTION, environment: Mapping[str, str] = os.environ) -> Any:
    """By time alone, or, with ``FLEETWRIGHT_WATCH=events``, on news as well: a dead triggerer stops no look.

    :param azure_conn_id: through which news are polled
    :raises ConfigurationError: for another value of the variable, or a watch file that cannot be used
    """
    times = load_watch_times(watch_file(environment))
    by_time = DeltaTriggerTimetable(times.cadence)
    mode = environment.get(MODE_VARIABLE, "").strip().lower() or TIMES
    if mode not in {EVENTS, TIMES}:
        raise ConfigurationError(
            f"{MODE_VARIABLE} is {mode!r}; it must be {EVENTS}, or {TIMES} (as without it)"
        )
    if mode == TIMES:
        return by_time
    return AssetOrTimeSchedule(timetable=by_time, assets=[image_news(azure_conn_id, times)])


def image_news(azure_conn_id: str, times: WatchTimes) -> Asset:
    """The asset that is changed when there is something new to look at."""
    trigger = ImageNewsTrigger(
        azure_conn_id=azure_conn_id,
        poll_seconds=times.poll.total_seconds(),
        remind_seconds=times.cadence.total_seconds(),
    )
    return news_asset(trigger)
