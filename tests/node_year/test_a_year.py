"""One year of weekly node images for fifty clusters in virtual time, judged by the emulator's calendar and records."""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from wrong_drivers import BlackoutsIgnored, ImagesRemembered, OffsetsIgnored, WindowsIgnored
from year_judging import Judge, as_open
from year_playing import Play, play_year, tell
from year_worlds import EASTER, START, draw_year

from fleetwright.azure import budget
from fleetwright.domain.node_pools.evaluations import Outcome
from fleetwright.domain.node_pools.rollouts import NodeRolloutState

SEED = 1
# Beside others a machine may take much longer.
pytestmark = pytest.mark.timeout(1200)


@dataclass(frozen=True, slots=True)
class Year:
    """A year that was played.

    :param seconds: of work: nothing in it waits, so alone on a machine it takes as long
    """

    play: Play
    seconds: float


@pytest.fixture(autouse=True, scope="module")
def quiet() -> Iterator[None]:
    """What is said in a year is read by nobody, and budgets of requests belong to a world."""
    logging.disable(logging.CRITICAL)
    budget._budgets.clear()
    yield
    budget._budgets.clear()
    logging.disable(logging.NOTSET)


@pytest.fixture(scope="module")
def year() -> Year:
    """The year."""
    begun = time.process_time()
    play = play_year(draw_year(SEED))
    seconds = time.process_time() - begun
    print(tell(play, seconds))  # noqa: T201 - figures for whoever reads the test's output
    return Year(play, seconds)


def test_a_year_keeps_its_promises(year: Year) -> None:
    """After each window every pool is on the newest image that its region had before it opened (R70, N35), by one upgrade for each image at most (N33), none outside its window or on a blackout date (R71, N31)."""
    assert year.play.verdict() == []


def test_a_year_is_no_empty_one(year: Year) -> None:
    """Every pool was upgraded about as often as its windows opened on a new image, and every rollout ended well (R65, R70)."""
    play = year.play
    times = Counter(call.pool for call in play.accepted)
    pools = [pool for cluster in play.year.clusters for pool in cluster.pool_ids()]

    assert set(play.ends) <= {NodeRolloutState.COMPLETED, "nothing to do"}
    assert play.outcomes[Outcome.HELD] == 0
    assert min(times[pool] for pool in pools) >= 5
    assert sum(times[pool] >= 40 for pool in pools) > len(pools) / 3


def test_starts_are_spread(year: Year) -> None:
    """Clusters that share a window begin apart, also where they are due in its midst by a new image (N31, N33)."""
    first: dict[tuple[str, date], datetime] = {}
    for call in year.play.accepted:
        first.setdefault((call.pool.rpartition("/agentPools/")[0], call.at.date()), call.at)

    assert max(Counter(first.values()).values()) <= 3


def test_a_year_takes_less_than_a_minute(year: Year) -> None:
    """A year of fifty clusters is worked through in under 60 seconds (R70)."""
    assert year.seconds < 60


@pytest.mark.parametrize(
    ("wrong", "found"),
    [
        (WindowsIgnored, "outside its window"),
        (OffsetsIgnored, "outside its window"),
        (BlackoutsIgnored, "on a blackout date"),
        (ImagesRemembered, "was there before"),
    ],
)
def test_a_wrong_product_is_found(wrong: type[Any], found: str) -> None:
    """Windows, offsets and blackout dates that are ignored, and images that are not read anew, are all found (R71, N35)."""
    budget._budgets.clear()

    said = play_year(draw_year(SEED, clusters=12, weeks=5), seen_by=wrong).verdict()

    assert any(found in line for line in said)


def test_a_second_upgrade_to_an_image_is_found(year: Year) -> None:
    """The judge counts by the emulator's own records, and believes no sum that does not agree with them (R70)."""
    play = year.play
    audit = play.emulator.get("audit")
    pool, told = next((pool, told) for pool, told in audit["nodePools"].items() if told["upgradesPerImage"])
    image = next(iter(told["upgradesPerImage"]))
    twice = {**told, "upgrades": told["upgrades"] + 1, "upgradesPerImage": {image: 2}}

    said = list(
        Judge(
            play.year, play.accepted, play.looked, {**audit, "nodePools": {**audit["nodePools"], pool: twice}}
        ).violations()
    )

    assert any(line == f"{pool} was upgraded 2 times to {image}" for line in said)
    assert any("calls were accepted" in line for line in said)


def test_a_period_ends_where_a_blackout_begins() -> None:
    """What opens the evening before a forbidden date closes at midnight of its own time zone (R71)."""
    window = {
        "schedule": {"weekly": {"intervalWeeks": 1, "dayOfWeek": "Thursday"}},
        "durationHours": 6,
        "startTime": "22:00",
        "utcOffset": "+01:00",
        "notAllowedDates": [EASTER],
    }
    cluster = replace(
        draw_year(SEED, clusters=1, weeks=1).clusters[0], maintenance={"maintenanceWindow": window}
    )

    periods = list(as_open(cluster, START + timedelta(weeks=5)))

    assert (datetime(2024, 3, 28, 21, tzinfo=UTC), datetime(2024, 3, 28, 23, tzinfo=UTC)) in periods
