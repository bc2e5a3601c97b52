"""Whether an upgrade fits the window it would begin in: nothing starts that is predicted not to end in it (N31, R71)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from fleetwright.domain.maintenance import ENDLESS, SUNDAY, MaintenanceWindow
from fleetwright.domain.node_pools.channels import UpgradeWay
from fleetwright.domain.node_pools.clusters import Cluster
from fleetwright.domain.node_pools.forecast import Forecast, span_words
from fleetwright.domain.records import TriggerKind

LONGEST_HOURS = 24
_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Fit:
    """Whether a pool's upgrade may begin.

    :param words: the arithmetic
    :param never: it fits no window that the cluster has, so waiting for the next one is no use
    """

    ok: bool
    words: str
    never: bool = False


def window_for(
    cluster: Cluster, trigger: TriggerKind, default: MaintenanceWindow = SUNDAY
) -> MaintenanceWindow | None:
    """The window that a run keeps to: the cluster's own, also by hand; None where a run by hand may begin at once."""
    if cluster.window is not None:
        return cluster.window
    return default if trigger is TriggerKind.AUTOMATIC else None


def why_closed(window: MaintenanceWindow | None, now: datetime) -> str:
    """Why nothing may begin now, and from when on it may; empty where it may."""
    if window is None or window.contains(now):
        return ""
    return f"its maintenance window ({window}) is closed, {_opening(window, now)}"


def fits(now: datetime, forecast: Forecast, window: MaintenanceWindow | None, margin: timedelta) -> Fit:
    """Whether an upgrade that begins now is predicted to end in the window, or at most the margin after its end.

    :param now: when it would begin
    """
    if window is None:
        return Fit(ok=True, words=f"{forecast}; no maintenance window: it may begin at once")
    if _never_fits(forecast, window, margin):
        return Fit(ok=False, words=_why_never(forecast, window, margin), never=True)
    period = window.period_at(now)
    if period is None:
        return Fit(ok=False, words=f"{forecast}; {why_closed(window, now)}")
    remaining = window.remaining(now)
    left = _room(remaining, margin)
    if forecast.duration <= remaining + margin:
        return Fit(ok=True, words=f"{forecast}; {left}: it fits")
    after = _opening(window, now + remaining)
    return Fit(ok=False, words=f"{forecast}, more than the {left}: left for the next window, which {after}")


def _never_fits(forecast: Forecast, window: MaintenanceWindow, margin: timedelta) -> bool:
    return forecast.duration > longest_stretch(window) + margin


def longest_stretch(window: MaintenanceWindow) -> timedelta:
    """How long it is open at most without a pause: one that opens for 24 hours every day has none."""
    return ENDLESS if window.never_pauses else window.longest


def _why_never(forecast: Forecast, window: MaintenanceWindow, margin: timedelta) -> str:
    extra = f" + margin {span_words(margin)}" if margin else ""
    changes = " or ".join(_changes(forecast, window, margin))
    return (
        f"never fits: {forecast}, and its maintenance window ({window}) has {span_words(window.longest)}{extra}; "
        f"it would fit with {changes}"
    )


def _changes(forecast: Forecast, window: MaintenanceWindow, margin: timedelta) -> list[str]:
    told = []
    pace = pace_needed(forecast, window.longest + margin)
    if pace:
        told.append(f"{pace} nodes at once (maxSurge + maxUnavailable >= {pace})")
    hours = math.ceil((forecast.duration - margin).total_seconds() / _HOUR.total_seconds())
    told.append(
        f"a window of {hours} hours"
        if hours <= LONGEST_HOURS
        else f"a window that opens for {LONGEST_HOURS} hours every day: it would need {hours} hours"
    )
    return told


def pace_needed(forecast: Forecast, room: timedelta) -> int:
    """How many nodes at once would make it fit; 0 where no number of them does."""
    rounds = (room - forecast.soak) // forecast.each if forecast.each else 0
    if forecast.way is UpgradeWay.LIVE or rounds < 1:
        return 0
    return math.ceil(forecast.nodes / rounds)


def _room(remaining: timedelta, margin: timedelta) -> str:
    if remaining >= ENDLESS:
        return "its window never closes"
    extra = f" and the margin of {span_words(margin)}" if margin else ""
    return f"{span_words(remaining)} that its window stays open{extra}"


def _opening(window: MaintenanceWindow, now: datetime) -> str:
    opens = window.next_opening(now)
    return f"opens {instant_words(opens)}" if opens else "never opens again"


def instant_words(instant: datetime) -> str:
    """An instant as a person reads it: ``Sun 2026-03-01 00:00 UTC``."""
    return f"{instant.astimezone(UTC):%a %Y-%m-%d %H:%M} UTC"
