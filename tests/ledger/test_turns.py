"""Turns in the ledger: taken with a fleet's lease, alive as long as that is, and given back with it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from fleetwright.domain.errors import LeaseLostError, LedgerError
from fleetwright.domain.events import Event, EventKind
from fleetwright.domain.records import RolloutSettings
from fleetwright.ledger.store import SqlLedger, open_ledger
from fleetwright.rollout.ports.leases import Lease, LeaseTerms
from fleetwright.rollout.ports.ledger import Acquired
from fleetwright.rollout.ports.turns import TurnAnswer, TurnScope, Want

if TYPE_CHECKING:
    from tests.ledger.conftest import WallClock

TERMS = LeaseTerms(timedelta(seconds=30))
JUST_EXPIRED = 30.0
ZONES = "westeurope|canonical:ubuntuserver:18.04-lts|1.0.1"
PAIR = "northeurope|westeurope"


def zone(*zones: str) -> Want:
    """A want of zones, the preferred one first."""
    return Want(TurnScope.ZONE, ZONES, zones)


def pair(region: str, key: str = PAIR) -> Want:
    """A want of one side of a pair."""
    return Want(TurnScope.PAIR, key, (region,))


@dataclass
class Fleets:
    """Fleets by name, each with a rollout under way."""

    ledger: SqlLedger
    wall: WallClock
    settings: RolloutSettings
    fleet_id: Callable[[str], str]
    acquired: dict[str, Acquired] = field(default_factory=dict)

    def begin(self, name: str, owner: str = "") -> Lease:
        """Begin a rollout of a fleet, or go on with it."""
        settings = replace(self.settings, fleet_id=self.fleet_id(name))
        self.acquired[name] = self.ledger.begin(
            settings, owner=owner or f"run of {name}", now=self.wall(), terms=TERMS
        )
        return self.acquired[name].lease

    def key(self, name: str) -> str:
        """The fleet's key."""
        return self.acquired[name].lease.fleet_key

    def claim(self, name: str, *wants: Want, over: tuple[str, ...] = ()) -> TurnAnswer:
        """Claim in a fleet's name."""
        lease = self.acquired[name].lease if name in self.acquired else self.begin(name)
        return self.ledger.claim_turns(lease, wants, over=tuple(map(self.key, over)))

    def in_the_way(self, name: str, *wants: Want, over: tuple[str, ...] = ()) -> list[str]:
        """The names of those who have to go first."""
        return [self.name(one.fleet_key) for one in self.claim(name, *wants, over=over).in_the_way]

    def name(self, fleet_key: str) -> str:
        """A fleet's name, from its key."""
        return fleet_key.rpartition("/")[2]

    def finish(self, name: str) -> None:
        """End a fleet's rollout and give the fleet back."""
        rollout_id, lease = self.acquired[name].view.rollout.rollout_id, self.acquired[name].lease
        body = {"state": "Completed", "code": "RolloutCompleted", "message": "all upgraded", "outcome": {}}
        self.ledger.append(rollout_id, [Event(EventKind.FINISHED, self.wall(), body)], lease=lease)
        self.release(name)

    def release(self, name: str) -> None:
        """Give a fleet back, its rollout being what it is."""
        self.ledger.release(
            self.acquired[name].view.rollout.rollout_id, owner=self.acquired[name].lease.holder
        )

    def keep_alive(self, *names: str) -> None:
        """Send heartbeats."""
        for name in names:
            self.ledger.check(self.acquired[name].lease)

    def listed(self) -> list[tuple[str, str, str, bool, bool]]:
        """Scope, fleet, mode, whether it waits, whether it is alive."""
        return [
            (str(one.scope), self.name(one.fleet_key), one.mode, one.is_waiting, one.is_alive)
            for one in self.ledger.list_turns()
        ]


@pytest.fixture
def fleets(
    ledger: SqlLedger, wall: WallClock, settings: RolloutSettings, fleet_id: Callable[[str], str]
) -> Fleets:
    """Fleets on an empty ledger."""
    return Fleets(ledger, wall, settings, fleet_id)


def test_fleets_share_a_zone_and_exclude_every_other(fleets: Fleets) -> None:
    """Many fleets in the same zone, none in another; who asks for another is told who has it (R48)."""
    assert fleets.claim("a", zone("1")).mode_of(ZONES) == "1"
    assert fleets.claim("b", zone("1")).mode_of(ZONES) == "1"
    refused = fleets.claim("c", zone("2"))

    assert not refused.is_granted
    assert refused.granted == ()
    assert [(fleets.name(one.fleet_key), one.mode, one.run) for one in refused.in_the_way] == [
        ("a", "1", "run of a"),
        ("b", "1", "run of b"),
    ]


def test_one_region_of_a_pair_at_a_time(fleets: Fleets) -> None:
    """Fleets of one region share its pair, those of the other wait until the last of them is done (R46)."""
    assert fleets.claim("a", pair("westeurope")).is_granted
    assert fleets.claim("b", pair("westeurope")).is_granted
    assert fleets.in_the_way("c", pair("northeurope")) == ["a", "b"]
    fleets.finish("a")
    assert fleets.in_the_way("c", pair("northeurope")) == ["b"]
    fleets.finish("b")
    assert fleets.claim("c", pair("northeurope")).is_granted


def test_a_newcomer_does_not_overtake_whoever_waits(fleets: Fleets) -> None:
    """While somebody waits for zone 2, nobody new joins zone 1; when it is over, those who waited join (R48)."""
    fleets.claim("a", zone("1"))
    fleets.claim("waits", zone("2"))

    assert fleets.in_the_way("new", zone("1")) == ["waits"]
    fleets.finish("a")
    assert fleets.in_the_way("new", zone("1")) == ["waits"]
    assert fleets.claim("waits", zone("2")).is_granted


def test_all_or_nothing(fleets: Fleets) -> None:
    """What could be had of several pairs is not taken while another of them is in use (R46)."""
    fleets.claim("a", pair("westus", "eastus|westus"))
    two = (pair("eastus", "eastus|westus"), pair("eastus", "eastus|westus3"))

    assert fleets.in_the_way("b", *two) == ["a"]
    assert fleets.in_the_way("c", pair("westus3", "eastus|westus3")) == ["b"]
    fleets.finish("a")
    assert dict(fleets.claim("b", *two).granted) == {"eastus|westus": "eastus", "eastus|westus3": "eastus"}


def test_what_is_held_is_kept_and_another_mode_is_given_up(fleets: Fleets) -> None:
    """A claim repeated keeps the turn although others wait; one for another zone gives it up first (R48)."""
    fleets.claim("a", zone("1"))
    fleets.claim("b", zone("2"))

    assert fleets.claim("a", zone("2", "1")).mode_of(ZONES) == "1"
    assert fleets.in_the_way("a", zone("3")) == ["b"]
    assert fleets.claim("b", zone("2")).is_granted


def test_a_turn_lives_on_its_fleets_lease(fleets: Fleets, wall: WallClock) -> None:
    """Without a heartbeat the holder is told as dead and still blocks; one heartbeat and it lives again (R48)."""
    fleets.claim("a", zone("1"))
    fleets.begin("b")
    wall.advance(JUST_EXPIRED)

    (dead,) = fleets.claim("b", zone("2")).in_the_way
    assert (dead.is_alive, dead.run) == (False, "run of a")
    fleets.keep_alive("a")
    (alive,) = fleets.claim("b", zone("2")).in_the_way
    assert alive.is_alive


def test_a_dead_holder_blocks_until_nothing_of_it_is_in_flight(fleets: Fleets, wall: WallClock) -> None:
    """Named as over, a dead holder's turn is taken; before that it is not, and a live one's never is (R48)."""
    fleets.claim("a", zone("1"))
    fleets.begin("b")
    assert fleets.in_the_way("b", zone("2"), over=("a",)) == ["a"]
    wall.advance(JUST_EXPIRED)
    assert fleets.in_the_way("b", zone("2")) == ["a"]

    assert fleets.claim("b", zone("2"), over=("a",)).is_granted
    assert fleets.listed() == [("zone", "b", "2", False, True)]


def test_of_one_that_is_over_nothing_stays(fleets: Fleets, wall: WallClock) -> None:
    """A zone without its pair would be asked for in the wrong order: all turns of a dead holder go at once (R46, R48)."""
    fleets.claim("a", pair("westeurope"), zone("1"))
    fleets.begin("b")
    wall.advance(JUST_EXPIRED)

    assert fleets.claim("b", pair("northeurope"), over=("a",)).is_granted
    assert fleets.listed() == [("pair", "b", "northeurope", False, True)]


def test_nothing_wanted_is_granted(fleets: Fleets) -> None:
    """A set without zones in a region without a pair needs nobody's leave (R46, R48)."""
    assert fleets.claim("a").is_granted
    assert fleets.ledger.why_not_my_turn(fleets.acquired["a"].lease, ()) == ""


def test_one_whose_turn_was_taken_may_not_send(fleets: Fleets, wall: WallClock) -> None:
    """A run that was only slow wakes up with a good lease and without its turn, and is told who has it (R48)."""
    fleets.claim("a", zone("1"))
    lease = fleets.acquired["a"].lease
    assert fleets.ledger.why_not_my_turn(lease, (zone("1", "2"),)) == ""
    assert "nobody" not in fleets.ledger.why_not_my_turn(lease, (zone("2"),))
    wall.advance(JUST_EXPIRED)
    fleets.claim("b", zone("2"), over=("a",))

    fleets.keep_alive("a")
    said = fleets.ledger.why_not_my_turn(lease, (zone("1"),))
    assert ZONES in said
    assert f"{fleets.key('b')} has it for 2" in said


def test_a_dead_waiter_keeps_nobody_waiting(fleets: Fleets, wall: WallClock) -> None:
    """Whoever waits and is not heard of any more leaves the queue (R48)."""
    fleets.claim("a", zone("1"))
    fleets.claim("waits", zone("2"))
    wall.advance(JUST_EXPIRED - 1)
    fleets.keep_alive("a")
    fleets.begin("new")
    assert fleets.in_the_way("new", zone("1")) == ["waits"]
    wall.advance(1)

    assert fleets.claim("new", zone("1")).is_granted
    assert [name for _, name, *_ in fleets.listed()] == ["a", "new"]


def test_the_end_of_a_rollout_gives_its_turns_back(fleets: Fleets) -> None:
    """A rollout that is over leaves neither a turn nor a place in a queue behind (R46, R48)."""
    fleets.claim("a", pair("westeurope"))
    fleets.claim("a", zone("1"))
    fleets.claim("b", zone("2"))
    fleets.finish("a")
    fleets.finish("b")

    assert fleets.ledger.list_turns() == ()
    assert fleets.ledger.list_locks() == ()


def test_a_rollout_that_is_not_over_keeps_its_turns(fleets: Fleets) -> None:
    """A run that gives its fleet back in the middle leaves a dead holder, and no place in a queue (R46, R48)."""
    fleets.claim("a", pair("westeurope"))
    fleets.claim("b", pair("northeurope"))
    fleets.claim("b", zone("2"))
    fleets.release("a")
    fleets.release("b")

    assert fleets.listed() == [("pair", "a", "westeurope", False, False), ("zone", "b", "2", False, False)]
    assert {one.run for one in fleets.ledger.list_turns()} == {""}


def test_whoever_goes_on_has_the_turns_of_the_run_before(fleets: Fleets) -> None:
    """The next run of the same rollout finds its turn, and its end gives it back (R48)."""
    fleets.claim("a", zone("1"))
    fleets.release("a")
    fleets.begin("a", owner="second run")

    assert fleets.listed() == [("zone", "a", "1", False, True)]
    assert fleets.claim("a", zone("1")).is_granted
    fleets.finish("a")
    assert fleets.ledger.list_turns() == ()


def test_a_new_rollout_does_not_inherit_turns(fleets: Fleets, wall: WallClock) -> None:
    """A run killed between its rollout's end and the release leaves turns; the fleet's next rollout drops them (R48)."""
    fleets.claim("a", zone("1"))
    rollout_id, lease = fleets.acquired["a"].view.rollout.rollout_id, fleets.acquired["a"].lease
    body = {"state": "Completed", "code": "RolloutCompleted", "message": "all upgraded", "outcome": {}}
    fleets.ledger.append(rollout_id, [Event(EventKind.FINISHED, wall(), body)], lease=lease)
    wall.advance(JUST_EXPIRED)
    fleets.begin("a", owner="next run")

    assert fleets.ledger.list_turns() == ()


def test_a_late_release_takes_nothing_from_the_next_run(fleets: Fleets, wall: WallClock) -> None:
    """A run that lost its fleet and gives it back late leaves the next one's turns alone (R46)."""
    fleets.begin("a")
    late = fleets.acquired["a"]
    wall.advance(JUST_EXPIRED)
    fleets.begin("a", owner="second run")
    fleets.claim("a", pair("westeurope"))
    fleets.ledger.release(late.view.rollout.rollout_id, owner=late.lease.holder)

    assert fleets.listed() == [("pair", "a", "westeurope", False, True)]


def test_a_lost_lease_claims_and_gives_back_nothing(fleets: Fleets, wall: WallClock) -> None:
    """A fenced run can neither take a turn nor give one away (R46, R48)."""
    lost = fleets.begin("a")
    fleets.claim("a", zone("1"))
    wall.advance(JUST_EXPIRED)
    fleets.begin("a", owner="second run")

    with pytest.raises(LeaseLostError):
        fleets.ledger.claim_turns(lost, (zone("2"),))
    with pytest.raises(LeaseLostError):
        fleets.ledger.give_turns_back(lost)
    assert fleets.listed() == [("zone", "a", "1", False, True)]


def test_a_claim_is_a_heartbeat(fleets: Fleets, wall: WallClock) -> None:
    """Whoever asks again and again is alive by that alone, and keeps its place (R48)."""
    fleets.claim("a", zone("1"))
    fleets.claim("b", zone("2"))
    first = fleets.ledger.list_turns()[1].since
    for _ in range(5):
        wall.advance(JUST_EXPIRED - 1)
        fleets.claim("a", zone("1"))
        fleets.claim("b", zone("2"))

    assert fleets.listed() == [("zone", "a", "1", False, True), ("zone", "b", "2", True, True)]
    assert fleets.ledger.list_turns()[1].since == first


def test_one_scope_is_given_back_alone(fleets: Fleets) -> None:
    """A fleet may give its zone back and keep its region's turn; what it waits for goes as well (R46, R48)."""
    fleets.claim("a", pair("westeurope"))
    fleets.claim("a", zone("1"))
    fleets.claim("b", zone("2"))
    fleets.ledger.give_turns_back(fleets.acquired["a"].lease, TurnScope.ZONE)
    fleets.ledger.give_turns_back(fleets.acquired["b"].lease)

    assert fleets.listed() == [("pair", "a", "westeurope", False, True)]


def test_a_place_goes_where_something_else_is_wanted(fleets: Fleets) -> None:
    """Who asks for another version's zones does not go on standing in the first queue (R48)."""
    fleets.claim("a", zone("1"))
    fleets.claim("b", zone("2"))
    other = Want(TurnScope.ZONE, "westeurope|other|1.0.1", ("1",))

    assert fleets.claim("b", other).is_granted
    assert fleets.claim("c", zone("1")).is_granted


def test_claims_of_pairs_and_zones_by_turns_keep_the_place(fleets: Fleets) -> None:
    """Asking for the pair again, which one has, does not lose the place in the zone's queue (R46, R48)."""
    fleets.claim("a", zone("1"))
    fleets.claim("b", pair("westeurope"))
    fleets.claim("b", zone("2"))
    fleets.claim("b", pair("westeurope"))

    assert fleets.in_the_way("c", zone("1")) == ["b"]


def test_no_mode_is_no_want(fleets: Fleets) -> None:
    """A want without a mode is refused with its key: nothing could ever be granted."""
    with pytest.raises(LedgerError, match="cannot be claimed in no mode"):
        fleets.claim("a", zone())


def test_list_tells_everybody_by_scope_key_and_age(fleets: Fleets, wall: WallClock) -> None:
    """Holders come before those who wait, the oldest first, each with its run and since when (R46, R48)."""
    for name, wanted in (("a", "1"), ("b", "1"), ("c", "2"), ("d", "3")):
        fleets.claim(name, zone(wanted))
        wall.advance(1)
    fleets.claim("e", pair("westeurope"))

    listed = fleets.ledger.list_turns()
    assert [fleets.name(one.fleet_key) for one in listed] == ["e", "a", "b", "c", "d"]
    assert [one.run for one in listed] == [f"run of {name}" for name in "eabcd"]
    assert [(one.since - listed[1].since).total_seconds() for one in listed[1:]] == [0, 1, 2, 3]


def test_turns_outlive_the_process(file_url: str, wall: WallClock, settings: RolloutSettings) -> None:
    """Whoever opens the ledger anew finds every turn (R48)."""
    ledger = open_ledger(file_url, wall_clock=wall)
    lease = ledger.begin(settings, owner="run", now=wall(), terms=TERMS).lease
    ledger.claim_turns(lease, (zone("1"),))
    ledger.close()

    assert [one.mode for one in open_ledger(file_url, wall_clock=wall).list_turns()] == ["1"]


def test_a_lock_is_not_taken_for_a_turn_that_ended(fleets: Fleets, wall: WallClock) -> None:
    """A dead holder's turn is no expired lock: only a claim that names it takes it away (R48)."""
    fleets.claim("a", zone("1"))
    wall.advance(365 * 86400.0)

    assert fleets.in_the_way("b", zone("2")) == ["a"]
