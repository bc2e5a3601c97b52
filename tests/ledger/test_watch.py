"""What the image watch has seen, kept in the ledger."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from fleetwright.domain.publications import Publication
from fleetwright.ledger.store import open_ledger

START = datetime(2024, 6, 1, tzinfo=UTC)
SUBSCRIPTION = "/subscriptions/00000000-0000-0000-0000-000000000001"
IMAGE = "canonical:ubuntuserver:18.04-lts"
NEW = Publication(IMAGE, "18.04.202402010")
LATER = START + timedelta(hours=1)
WEB, SHOP = f"{SUBSCRIPTION}/web".lower(), f"{SUBSCRIPTION}/shop".lower()


def test_a_first_sight_stays_the_first_however_often_it_is_written(url: str) -> None:
    """A restart neither misses a version nor moves the instant from which its delay counts (R1, R29)."""
    ledger = open_ledger(url)

    ledger.see_versions([NEW, Publication(IMAGE, NEW.version, "westeurope")], now=START)
    ledger.see_versions([NEW, NEW], now=LATER)

    assert [(row.publication.region, row.seen_at) for row in ledger.list_seen_versions()] == [
        ("", START),
        ("westeurope", START),
    ]


def test_an_announcement_goes_from_intent_to_confirmation(url: str) -> None:
    """The intent may be written again, the first confirmation stays (R1)."""
    ledger = open_ledger(url)
    ledger.see_versions([NEW], now=START)

    ledger.note_announcement(NEW, now=START)
    ledger.note_announcement(NEW, now=LATER)
    ledger.confirm_announcement(NEW, now=LATER)
    ledger.confirm_announcement(NEW, now=LATER + timedelta(hours=1))

    (row,) = ledger.list_seen_versions()
    assert (row.seen_at, row.announced_at, row.confirmed_at) == (START, LATER, LATER)


def test_one_region_is_announced_without_the_others(url: str) -> None:
    """A gallery's version has a row for each region, each with its own way (R50)."""
    ledger = open_ledger(url)
    west, north = (Publication(IMAGE, "1.0.1", region) for region in ("westeurope", "northeurope"))
    ledger.see_versions([west, north], now=START)

    ledger.note_announcement(west, now=LATER)

    told = {row.publication: row.announced_at for row in ledger.list_seen_versions()}
    assert told == {west: LATER, north: None}


def test_what_was_passed_over_says_why(url: str) -> None:
    """A version that is never announced keeps the reason (R2)."""
    ledger = open_ledger(url)

    ledger.see_versions([NEW], now=START, left="passed over: a newer one came")

    assert [row.left_reason for row in ledger.list_seen_versions()] == ["passed over: a newer one came"]


def test_a_fleet_that_opts_in_again_starts_anew(url: str) -> None:
    """Enabled since counts from the latest opting in, and what it had reached before is forgotten (R4, R29, O3)."""
    ledger = open_ledger(url)
    ledger.note_fleets([WEB, SHOP], now=START)
    ledger.note_reached(WEB, NEW)

    kept = ledger.note_fleets([WEB, SHOP], now=LATER)
    left = ledger.note_fleets([SHOP], now=LATER)
    again = ledger.note_fleets([WEB, SHOP], now=LATER + timedelta(hours=1))

    assert (kept[WEB].enabled_at, kept[WEB].reached) == (START, NEW.key)
    assert (left[WEB].enabled_at, left[SHOP].enabled_at) == (None, START)
    assert (again[WEB].enabled_at, again[WEB].reached) == (LATER + timedelta(hours=1), "")
    assert ledger.list_seen_fleets() == again


@pytest.mark.parametrize("times", [1, 2])
def test_the_watch_is_no_part_of_the_chain_of_events(url: str, times: int) -> None:
    """What was seen is state, not history: the chain stays whole (R1)."""
    ledger = open_ledger(url)

    for _ in range(times):
        ledger.see_versions([NEW], now=START)

    assert ledger.verify_chain() is None
