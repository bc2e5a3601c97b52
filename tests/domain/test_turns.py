"""Turns at what fleets share: never two modes at once, nobody waits for ever, and nobody waits in a circle."""

from __future__ import annotations

import pytest
from turn_worlds import Tables

from fleetwright.domain.turns import Blocker, Why

ZONE = ("zone", "westeurope|image|1")
PAIR = ("pair", "eastus|westus")
OTHER_PAIR = ("pair", "eastus|westus3")


@pytest.fixture
def tables() -> Tables:
    """Nobody has anything."""
    return Tables()


def blockers(tables: Tables, fleet_key: str, *modes: str, over: str = "") -> list[str]:
    """Who is in the way of a claim of zones."""
    decision = tables.claim(fleet_key, {ZONE: modes}, frozenset(over))
    return [one.fleet_key for one in decision.blockers]


def granted(tables: Tables, fleet_key: str, *modes: str, over: str = "") -> str:
    """The zone that a claim comes to; empty where it has to wait."""
    return tables.claim(fleet_key, {ZONE: modes}, frozenset(over)).granted.get(ZONE, "")


def test_one_mode_at_a_time(tables: Tables) -> None:
    """The preferred zone where nobody has one, the same for all who come, and no other (R48)."""
    assert granted(tables, "a", "1", "2") == "1"
    assert granted(tables, "b", "1") == "1"
    assert tables.claim("c", {ZONE: ("2",)}).blockers == (
        Blocker(ZONE, "a", Why.HOLDS),
        Blocker(ZONE, "b", Why.HOLDS),
    )


def test_the_open_zone_is_taken_where_it_would_do(tables: Tables) -> None:
    """A fleet that prefers zone 3 and could go on with zone 1 joins zone 1 while that is open (R48)."""
    granted(tables, "a", "1")

    assert granted(tables, "b", "3", "1") == "1"


def test_newcomers_line_up_behind_whoever_waits(tables: Tables) -> None:
    """Nobody new joins an open turn while another mode is waited for (R48)."""
    granted(tables, "a", "1")
    assert blockers(tables, "waits", "2") == ["a"]

    assert blockers(tables, "new", "1") == ["waits"]


def test_one_who_could_join_keeps_nobody_out(tables: Tables) -> None:
    """Who waits for the open mode as well is not overtaken by others who join it (R48)."""
    granted(tables, "a", "1")
    blockers(tables, "b", "2")
    assert granted(tables, "c", "2", "1") == ""
    tables.leave("b")

    assert granted(tables, "d", "1") == "1"


def test_the_oldest_decides_and_all_who_waited_for_it_join(tables: Tables) -> None:
    """When the turn is over, the oldest's mode comes next, for everybody who waited for it by then (R48)."""
    granted(tables, "a", "1")
    for name, wanted in (("b", "2"), ("c", "3"), ("d", "2")):
        blockers(tables, name, wanted)
    tables.leave("a")

    assert blockers(tables, "c", "3") == ["b"]
    assert granted(tables, "d", "2") == "2"
    assert granted(tables, "b", "2") == "2"
    assert blockers(tables, "e", "2") == ["c"]


def test_a_newcomer_opens_no_turn_before_those_who_wait(tables: Tables) -> None:
    """Nothing is held, the oldest wants zone 2, another zone 3: a newcomer for zone 2 comes after both (R48)."""
    granted(tables, "a", "1")
    blockers(tables, "b", "2")
    blockers(tables, "c", "3")
    tables.leave("a")

    assert blockers(tables, "new", "2") == ["c"]


def test_what_is_held_is_kept_however_long_the_queue(tables: Tables) -> None:
    """A holder's claim of what it has is granted, even where it would prefer another zone (R48)."""
    granted(tables, "a", "1")
    blockers(tables, "b", "2")

    assert granted(tables, "a", "2", "1") == "1"


def test_what_is_not_wanted_any_more_is_given_up_first(tables: Tables) -> None:
    """Moving on to the next zone frees this one, and queues behind whoever waited (R48)."""
    granted(tables, "a", "1")
    blockers(tables, "b", "3")

    assert blockers(tables, "a", "2") == ["b"]
    assert granted(tables, "b", "3") == "3"
    tables.leave("b")
    assert granted(tables, "a", "2") == "2"


def test_a_dead_holder_blocks_until_it_is_over(tables: Tables) -> None:
    """Dead, it is in the way; named as over it is gone; alive it cannot be named away (R48)."""
    granted(tables, "a", "1")
    assert blockers(tables, "b", "2", over="a") == ["a"]
    tables.die("a")

    assert tables.claim("b", {ZONE: ("2",)}).blockers == (Blocker(ZONE, "a", Why.DEAD),)
    assert granted(tables, "b", "2", over="a") == "2"


def test_a_dead_waiter_counts_for_nothing(tables: Tables) -> None:
    """Whoever waits and dies overtakes nobody and is overtaken by all (R48)."""
    granted(tables, "a", "1")
    blockers(tables, "b", "2")
    tables.die("b")

    assert granted(tables, "c", "1") == "1"


def test_a_fleet_waits_at_all_of_its_pairs(tables: Tables) -> None:
    """Nothing is taken until both pairs are free, and then nobody else has come in between (R46)."""
    both = {PAIR: ("eastus",), OTHER_PAIR: ("eastus",)}
    tables.claim("west", {PAIR: ("westus",)})
    tables.claim("west3", {OTHER_PAIR: ("westus3",)})
    assert [one.fleet_key for one in tables.claim("east", both).blockers] == ["west", "west3"]
    tables.leave("west")

    assert [one.fleet_key for one in tables.claim("west", {PAIR: ("westus",)}).blockers] == ["east"]
    tables.leave("west3")
    assert dict(tables.claim("east", both).granted) == {PAIR: "eastus", OTHER_PAIR: "eastus"}


def test_nobody_waits_for_a_zone_without_its_pair(tables: Tables) -> None:
    """Who claims both at once and cannot have the pair keeps nobody out of the zone (R46, R48)."""
    tables.claim("west", {PAIR: ("westus",)})
    wants = {PAIR: ("eastus",), ZONE: ("2",)}
    assert [one.thing for one in tables.claim("east", wants).blockers] == [PAIR]

    assert granted(tables, "other", "1") == "1"


def test_reasons_are_words(tables: Tables) -> None:
    """A decision says what, who and why (R48)."""
    granted(tables, "a", "1")

    assert [str(one) for one in tables.claim("b", {ZONE: ("2",)}).blockers] == [
        "zone westeurope|image|1: a has its turn in another mode"
    ]
