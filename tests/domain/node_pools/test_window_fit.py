"""How long a pool takes, and whether it fits the window that it would begin in."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import pytest
from cluster_builders import NIGHTLY, SATURDAY_NOON, a_cluster, a_pool, at, surge
from hypothesis import given
from hypothesis import strategies as st

from fleetwright.domain.maintenance import SUNDAY, Daily, MaintenanceWindow
from fleetwright.domain.node_pools.channels import UpgradeWay
from fleetwright.domain.node_pools.fit import fits, window_for
from fleetwright.domain.node_pools.forecast import Forecast, PoolHistory, forecast_pool, history_of
from fleetwright.domain.node_pools.manners import Manners
from fleetwright.domain.node_pools.rollouts import NodeRollout, NodeRolloutSettings, PoolState, PoolUpgrade
from fleetwright.domain.node_pools.spread import spread_start
from fleetwright.domain.records import TriggerKind

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
NO_MARGIN = timedelta()
ALWAYS = MaintenanceWindow(Daily(1))
OPENING = at("2026-03-08T01:00")

minutes = st.integers(0, 600).map(lambda count: count * MINUTE)
windows = st.builds(
    lambda days, hours, hour: MaintenanceWindow(Daily(days), timedelta(hours=hours), time(hour)),
    st.integers(1, 7),
    st.integers(4, 24),
    st.integers(0, 23),
)
instants = st.integers(0, 20 * 24 * 60).map(lambda count: at("2026-03-01T00:00") + count * MINUTE)


def a_forecast(nodes: int, at_once: int, each: timedelta = 6 * MINUTE) -> Forecast:
    """With a soak of two minutes."""
    return Forecast(UpgradeWay.REIMAGE, nodes, at_once, each, 2 * MINUTE)


def upgraded(minutes_taken: int, nodes: int = 4, **changes: object) -> NodeRollout:
    """An earlier rollout whose one pool took so long."""
    pool = PoolUpgrade("np1", PoolState.UPGRADED, nodes=nodes, accepted_at=OPENING)
    pool = replace(pool, verified_at=OPENING + minutes_taken * MINUTE, **changes)
    return NodeRollout("r", NodeRolloutSettings("c"), pools=(pool,))


def test_the_arithmetic_is_told_in_words() -> None:
    """Rounds of nodes, each with its time, and the soak (N31, N32)."""
    pool = a_pool(count=20, settings=surge("2", node_soak=MINUTE))
    forecast = forecast_pool(pool, UpgradeWay.REIMAGE, Manners())
    assert str(forecast) == "20 nodes, 2 at once: 10 rounds x 6 min + soak 2 min = 1 h 2 min"
    assert forecast.duration == timedelta(hours=1, minutes=2)


@pytest.mark.parametrize(("text", "rounds"), [("33%", 3), ("10%", 10), ("1", 10), ("4", 3), ("50", 1)])
def test_percentages_of_surge_are_rounded_up(text: str, rounds: int) -> None:
    """A third of ten nodes is four at once: three rounds (N32)."""
    pool = a_pool(count=10, settings=surge(text))
    assert forecast_pool(pool, UpgradeWay.REIMAGE, Manners()).rounds == rounds


def test_what_a_pool_took_before_is_believed() -> None:
    """The median round of earlier upgrades by the same way, not the site's guess (N31)."""
    pool, earlier = a_pool(), [upgraded(40), upgraded(44), upgraded(400)]
    history = history_of(earlier, pool, UpgradeWay.REIMAGE)
    assert history == PoolHistory(11 * MINUTE, 3)
    told = str(forecast_pool(pool, UpgradeWay.REIMAGE, Manners(), history))
    assert told == (
        "4 nodes, 1 at once: 4 rounds x 11 min (median of 3 earlier upgrades) + soak 2 min = 46 min"
    )


def test_what_did_not_end_well_teaches_nothing() -> None:
    """Failed upgrades, other pools and patches on running nodes say nothing about a reimage (N31)."""
    rollouts = [
        upgraded(9, state=PoolState.FAILED),
        upgraded(9, name="np2"),
        upgraded(9, way=UpgradeWay.LIVE),
        upgraded(9, accepted_at=None),
    ]
    assert history_of(rollouts, a_pool(), UpgradeWay.REIMAGE) is None
    assert history_of(rollouts, a_pool(), UpgradeWay.LIVE) == PoolHistory(9 * MINUTE, 1)


def test_patches_on_running_nodes_are_short_however_many_there_are() -> None:
    """They go to all nodes at once (R69)."""
    forecast = forecast_pool(a_pool(count=500), UpgradeWay.LIVE, Manners())
    assert str(forecast) == "500 nodes, patched while running: 5 min + soak 2 min = 7 min"


def test_which_window_a_run_keeps_to() -> None:
    """The cluster's own for everybody; without one automatic runs keep to Sundays, runs by hand to none (R71, N31)."""
    own = a_cluster(window=NIGHTLY)
    assert window_for(own, TriggerKind.MANUAL) == window_for(own, TriggerKind.AUTOMATIC) == NIGHTLY
    assert window_for(a_cluster(), TriggerKind.AUTOMATIC) == SUNDAY
    assert window_for(a_cluster(), TriggerKind.MANUAL) is None


@pytest.mark.parametrize(
    ("now", "ok"), [("03:58", True), ("03:59", False), ("05:00", False), ("00:59", False), ("01:00", True)]
)
def test_what_would_not_end_in_the_window_does_not_begin(now: str, ok: bool) -> None:
    """An hour and two minutes fit until 03:58 of a window that closes at 05:00, and never while it is closed (R71, N31)."""
    fit = fits(at(f"2026-03-08T{now}"), a_forecast(20, 2), NIGHTLY, NO_MARGIN)
    assert (fit.ok, fit.never) == (ok, False)


def test_the_margin_is_what_may_be_in_flight_after_the_end() -> None:
    """What is predicted to end within the margin after the window's end begins, but only inside the window (N31)."""
    assert fits(at("2026-03-08T04:20"), a_forecast(20, 2), NIGHTLY, 30 * MINUTE).ok
    assert not fits(at("2026-03-08T05:00"), a_forecast(1, 1), NIGHTLY, 30 * MINUTE).ok


def test_what_is_left_is_told_until_when() -> None:
    """The arithmetic, what the window has left, and when it opens again (R71)."""
    fit = fits(at("2026-03-08T04:00"), a_forecast(20, 2), NIGHTLY, 1 * MINUTE)
    assert fit.words == (
        "20 nodes, 2 at once: 10 rounds x 6 min + soak 2 min = 1 h 2 min, more than the 1 h that its window stays open "
        "and the margin of 1 min: left for the next window, which opens Mon 2026-03-09 01:00 UTC"
    )


def test_what_never_fits_is_told_with_what_would_have_to_change() -> None:
    """100 nodes one by one need ten hours: a surge of three, or eleven hours (R71, N32)."""
    fit = fits(OPENING, a_forecast(100, 1), NIGHTLY, NO_MARGIN)
    assert fit.never
    assert fit.words == (
        "never fits: 100 nodes, 1 at once: 100 rounds x 6 min + soak 2 min = 10 h 2 min, and its maintenance window "
        "(every day 01:00-05:00 UTC) has 4 h; it would fit with 3 nodes at once (maxSurge + maxUnavailable >= 3) "
        "or a window of 11 hours"
    )


def test_a_round_that_is_too_long_is_helped_by_hours_only() -> None:
    """Where a single round does not fit, no surge helps (R71)."""
    words = fits(OPENING, a_forecast(2, 1, each=30 * HOUR), NIGHTLY, NO_MARGIN).words
    assert words.endswith(
        "it would fit with a window that opens for 24 hours every day: it would need 61 hours"
    )


def test_a_window_of_all_hours_of_all_days_has_no_end() -> None:
    """One occurrence follows upon the other, so 30 hours fit; a forbidden day ends it (N31)."""
    long = a_forecast(300, 1)
    assert fits(SATURDAY_NOON, long, ALWAYS, NO_MARGIN).ok
    day = SATURDAY_NOON.date() + timedelta(days=1)
    fit = fits(SATURDAY_NOON, long, replace(ALWAYS, not_allowed_dates=((day, day),)), NO_MARGIN)
    assert (fit.ok, fit.never) == (False, False)


def test_without_a_window_everything_fits() -> None:
    """A run by hand on a cluster without a window begins at once (R71)."""
    assert fits(SATURDAY_NOON, a_forecast(1000, 1), None, NO_MARGIN).ok


@given(windows, instants, st.integers(1, 300), st.integers(1, 20), minutes)
def test_nothing_starts_that_does_not_fit(
    window: MaintenanceWindow, now: datetime, nodes: int, at_once: int, margin: timedelta
) -> None:
    """Whatever begins does so inside the window, and ends before it closes or within the margin (R71, N31)."""
    forecast = a_forecast(nodes, at_once)
    fit = fits(now, forecast, window, margin)
    if fit.ok:
        assert window.contains(now)
        assert now + forecast.duration <= now + window.remaining(now) + margin
    elif not fit.never:
        opens = window.next_opening(now + window.remaining(now))
        assert opens is not None
        assert fits(opens, forecast, window, margin).ok


@given(st.integers(1, 300), st.integers(1, 60))
def test_the_surge_that_would_do_does(nodes: int, each: int) -> None:
    """The number of nodes at once that is told makes the pool fit, and one less does not (R71, N32)."""
    forecast = a_forecast(nodes, 1, each * MINUTE)
    fit = fits(OPENING, forecast, NIGHTLY, NO_MARGIN)
    if fit.never:
        needed = int(fit.words.partition("it would fit with ")[2].split()[0])
        assert fits(OPENING, replace(forecast, at_once=needed), NIGHTLY, NO_MARGIN).ok
        assert not fits(OPENING, replace(forecast, at_once=needed - 1), NIGHTLY, NO_MARGIN).ok


@given(st.text(min_size=1), windows, instants, minutes, minutes, minutes)
def test_a_spread_start_is_inside_and_still_fits(
    key: str,
    window: MaintenanceWindow,
    now: datetime,
    spread: timedelta,
    margin: timedelta,
    predicted: timedelta,
) -> None:
    """Never before now, never after the window, never so late that what fits now does not fit any more (N31)."""
    period = window.period_at(now)
    if period is None:
        return
    remaining, manners = window.remaining(now), Manners(spread=spread, margin=margin)
    starts = spread_start(key, period.opens, now, manners, remaining, predicted)
    assert starts == spread_start(key.lower(), period.opens, now, manners, remaining, predicted)
    assert now <= starts < now + remaining
    assert starts <= now + spread
    if predicted <= remaining + margin:
        assert starts + predicted <= now + remaining + margin


def test_fifty_clusters_do_not_begin_in_the_first_second() -> None:
    """Starts of clusters with the same window are spread evenly over the site's half hour (N31)."""
    starts = [
        spread_start(f"cluster-{number}", OPENING, OPENING, Manners(), 4 * HOUR, HOUR) for number in range(50)
    ]
    assert len(set(starts)) > 45
    for third in range(3):
        begin = OPENING + third * 10 * MINUTE
        assert 8 <= sum(begin <= instant < begin + 10 * MINUTE for instant in starts) <= 26


def test_clusters_that_are_due_in_the_midst_of_a_window_begin_apart() -> None:
    """Where an image comes when the places of the opening are over, starts are spread from then on (N31, N33)."""
    opens = datetime(2024, 3, 2, 22, tzinfo=UTC)
    now = opens + timedelta(hours=2)
    hour = timedelta(hours=1)

    begins = [spread_start(f"/clusters/{n}", opens, now, Manners(), 4 * hour, hour) for n in range(40)]

    assert all(now <= begin <= now + Manners().spread for begin in begins)
    assert len(set(begins)) > 30
