"""Decisions of the image watch, on values."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from fleetwright.domain.image_watch import choose_gallery, choose_platform, judge, passed_over
from fleetwright.domain.publications import Publication
from fleetwright.domain.quarantine import Quarantined, Release
from fleetwright.domain.seen_images import (
    Candidate,
    FirstStop,
    Memory,
    Outlook,
    SeenVersion,
    Shelf,
    WatchTimes,
)

IMAGE = "canonical:ubuntuserver:18.04-lts"
NOW = datetime(2024, 6, 1, 12, tzinfo=UTC)
TIMES = WatchTimes()
V1, V2, V3 = "1.0.9", "1.0.10", "1.0.11"


def shelf(region: str, *versions: str, **more: object) -> Shelf:
    """A region that lists versions, the last of which may be rolled out."""
    return Shelf(region, versions, versions[-1] if versions else "", **more)  # type: ignore[arg-type]


def seen(version: str, at: datetime, region: str = "", **more: datetime) -> SeenVersion:
    """A row of the ledger."""
    return SeenVersion(Publication(IMAGE, version, region), at, **more)


def memory(*rows: SeenVersion, quarantined: tuple[Quarantined, ...] = ()) -> Memory:
    """A ledger with these rows."""
    return Memory({row.publication: row for row in rows}, quarantined)


def put_away(version: str, release: Release | None = None) -> Quarantined:
    """A version that did harm."""
    return Quarantined(IMAGE, version, NOW, "r-1", "/fleet", "RollingUpgradeFailed", "ill", release)


def test_the_newest_by_number_that_every_region_of_the_first_phase_lists() -> None:
    """A version that one region of the canary phase lacks waits, and says for which region (R41, R45)."""
    first = FirstStop("phase_0_canary", ("northeurope", "westeurope"))
    shelves = {"northeurope": shelf("northeurope", V1, V2), "westeurope": shelf("westeurope", V1, V2, V3)}

    chosen = choose_platform(IMAGE, first, shelves)

    assert chosen.publication == Publication(IMAGE, V2)
    assert chosen.notes == (f"{V3} waits until northeurope lists it: phase_0_canary has fleets there",)


def test_other_regions_need_not_list_it_yet() -> None:
    """A later phase's region does not hold a version back from the first phase (R45)."""
    first = FirstStop("phase_0_canary", ("westeurope",))
    shelves = {"westeurope": shelf("westeurope", V1, V2), "eastus": shelf("eastus", V1)}
    assert choose_platform(IMAGE, first, shelves).publication == Publication(IMAGE, V2)


def test_a_region_that_cannot_be_read_holds_the_image_back() -> None:
    """An error while asking means no: nothing is announced on half of what is to be known (R41)."""
    first = FirstStop("phase_0_canary", ("northeurope", "westeurope"))
    shelves = {
        "northeurope": Shelf("northeurope", problem="500"),
        "westeurope": shelf("westeurope", V2),
    }
    finding = judge(choose_platform(IMAGE, first, shelves), memory(), TIMES, NOW)
    assert finding.outlook is Outlook.WAITS
    assert "northeurope cannot be read: 500" in finding.words


def test_an_image_whose_fleets_stand_in_no_phase_goes_nowhere() -> None:
    """Without a phase nothing is announced, and it is said why (R45)."""
    finding = judge(choose_platform(IMAGE, None, {}), memory(), TIMES, NOW)
    assert (finding.outlook, finding.publication) == (Outlook.WAITS, None)
    assert "none of its fleets stands in a phase" in finding.words


def test_a_gallery_tells_what_newer_ones_wait_for() -> None:
    """What is still replicating, or excluded, is named beside what may begin (R26, R27, R50)."""
    here = shelf("westeurope", V1, V2, passed=(f"{V3} is replicating to westeurope, 40 % done (R26)",))
    finding = judge(choose_gallery(IMAGE, here), memory(), TIMES, NOW)
    assert finding.publication == Publication(IMAGE, V2, "westeurope")
    assert "40 % done" in finding.words


@given(
    phase=st.integers(0, 1799),
    published=st.integers(0, 6 * 3600),
)
def test_announced_30_to_60_minutes_after_publication(phase: int, published: int) -> None:
    """Whenever a version is published, and wherever in the half hour the looks lie (R29, C16)."""
    publication = Publication(IMAGE, V2)
    candidate, rows, look = Candidate(IMAGE, publication), memory(), phase
    while True:
        if look >= published:
            now = NOW + timedelta(seconds=look)
            rows = rows if rows.seen else memory(seen(V2, now))
            if judge(candidate, rows, TIMES, now).outlook is Outlook.ANNOUNCE:
                break
        look += 1800

    assert 30 * 60 <= look - published <= 60 * 60


def test_a_version_waits_until_an_instant_that_it_names() -> None:
    """Right before its time it waits and says until when; at its time it is announced (R29)."""
    rows, candidate = memory(seen(V2, NOW)), Candidate(IMAGE, Publication(IMAGE, V2))
    due = NOW + TIMES.publication_delay

    early = judge(candidate, rows, TIMES, due - timedelta(seconds=1))

    assert (early.outlook, early.due) == (Outlook.WAITS, due)
    assert "waits until 2024-06-01 12:30 UTC: found at 2024-06-01 12:00 UTC" in early.words
    assert judge(candidate, rows, TIMES, due).outlook is Outlook.ANNOUNCE


def test_an_announced_version_is_nothing_new() -> None:
    """One publication makes one announcement, and an older version none at all when the newer is withdrawn (R2)."""
    begun = frozenset({Publication(IMAGE, V2)})
    rows = replace(memory(seen(V2, NOW, announced_at=NOW, confirmed_at=NOW)), begun=begun)
    for version in (V2, V1):
        finding = judge(Candidate(IMAGE, Publication(IMAGE, version)), rows, TIMES, NOW + timedelta(days=1))
        assert finding.outlook is Outlook.NOTHING_NEW
        assert f"{V2} was announced at 2024-06-01 12:00 UTC" in finding.words


def test_what_arrived_and_was_not_begun_is_told_to_a_person() -> None:
    """Airflow drops an event whose listener drains or was paused that second: half an hour later it is said loudly (R1)."""
    rows, candidate = (
        memory(seen(V2, NOW, announced_at=NOW, confirmed_at=NOW)),
        Candidate(IMAGE, Publication(IMAGE, V2)),
    )

    soon = judge(candidate, rows, TIMES, NOW + timedelta(minutes=29))
    later = judge(candidate, rows, TIMES, NOW + timedelta(minutes=30))

    assert soon.outlook is Outlook.NOTHING_NEW
    assert later.is_blocked
    assert f"Start it by hand with publication {IMAGE}|{V2}" in later.words


def test_what_never_arrived_is_announced_again() -> None:
    """A crash between the intent and Airflow misses no version (R1)."""
    rows = memory(seen(V2, NOW, announced_at=NOW))
    finding = judge(Candidate(IMAGE, Publication(IMAGE, V2)), rows, TIMES, NOW)
    assert (finding.outlook, finding.publication) == (Outlook.ANNOUNCE, Publication(IMAGE, V2))
    assert "never arrived" in finding.words


def test_what_never_arrived_does_not_wait_for_a_newer_one() -> None:
    """While the newer version waits for its time, the older is announced again; then the newer alone (R1, R2)."""
    rows = memory(seen(V2, NOW, announced_at=NOW), seen(V3, NOW))
    candidate = Candidate(IMAGE, Publication(IMAGE, V3))
    assert judge(candidate, rows, TIMES, NOW).publication == Publication(IMAGE, V2)
    assert judge(candidate, rows, TIMES, NOW + timedelta(minutes=30)).publication == Publication(IMAGE, V3)


def test_a_quarantined_version_is_not_announced_until_it_is_released() -> None:
    """What made a rollout stop goes nowhere by itself, and the reason says how it is released (R45)."""
    rows, candidate = (seen(V2, NOW - timedelta(days=1)),), Candidate(IMAGE, Publication(IMAGE, V2))

    held = judge(candidate, memory(*rows, quarantined=(put_away(V2),)), TIMES, NOW)
    free = judge(candidate, memory(*rows, quarantined=(put_away(V2, Release("ann", "ok", NOW)),)), TIMES, NOW)

    assert held.outlook is Outlook.WAITS
    assert "quarantined" in held.words
    assert "fleetwright quarantine release" in held.words
    assert free.outlook is Outlook.ANNOUNCE


def test_what_came_and_went_between_two_looks_is_passed_over() -> None:
    """Only the newest is announced; those between it and the last one known are written down as left (R2)."""
    listed = (V1, V2, V3)
    assert passed_over(Publication(IMAGE, V3), listed, memory(seen(V1, NOW))) == (Publication(IMAGE, V2),)
    assert passed_over(Publication(IMAGE, V3), listed, memory()) == ()
    assert passed_over(Publication(IMAGE, V2), listed, memory(seen(V1, NOW))) == ()
