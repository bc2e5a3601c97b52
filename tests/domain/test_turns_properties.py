"""Random fleets that come, take turns, die and go: never two modes at once, everybody served, nobody overtaken much."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st
from turn_worlds import Journey, Tables

from fleetwright.domain.turns import Table

ZONE = ("zone", "r|image|1")
ZONES = ("1", "2", "3")
REGIONS = "pqrs"
HELD_FOR = 2  # rounds at least; whoever is open to join looks once a round


@dataclass
class Traveller:
    """A fleet on its way.

    :param stays: rounds that it keeps each zone
    :param dies_at: the round in which it is not heard of any more; None where it lives
    """

    journey: Journey
    stays: int
    arrives: int
    dies_at: int | None
    step: int = 0
    busy: int = 0
    is_home: bool = False

    def act(self, tables: Tables, over: frozenset[str]) -> None:
        """One look, as a rollout has one between two polls."""
        if self.busy:
            self.busy -= 1
        elif self.step == self.journey.last:
            tables.leave(self.journey.fleet_key)
            self.is_home = True
        elif tables.claim(self.journey.fleet_key, self.journey.wants(self.step), over).granted:
            self.busy = self.stays if self.step else 0
            self.step += 1


@dataclass
class Rounds:
    """Everybody alive looks once a round, in an order of chance; the dead are named as over a round later.

    :param watch: shown the tables after every look
    """

    travellers: list[Traveller]
    chance: Random
    watch: Callable[[Tables], None] = lambda _: None
    tables: Tables = field(default_factory=Tables)
    number: int = 0

    def run(self) -> None:
        """One round."""
        self.number += 1
        here = [one for one in self.travellers if one.arrives <= self.number and not one.is_home]
        self.chance.shuffle(here)
        over = frozenset(one.journey.fleet_key for one in here if one.dies_at and one.dies_at < self.number)
        for one in here:
            if one.dies_at is not None and one.dies_at <= self.number:
                self.tables.die(one.journey.fleet_key)
            else:
                one.act(self.tables, over)
            self.watch(self.tables)

    @property
    def on_the_way(self) -> list[str]:
        """Who is alive and not home."""
        alive = (one for one in self.travellers if one.dies_at is None)
        return [one.journey.fleet_key for one in alive if not one.is_home]


@dataclass
class Overtaking:
    """How many waited before a fleet when it came, and the turns of other zones that were opened since."""

    ahead: dict[str, int] = field(default_factory=dict)
    turns: dict[str, set[int]] = field(default_factory=dict)

    def watch(self, tables: Tables) -> None:
        """Look at everybody who waits."""
        table = tables.at.get(ZONE, Table())
        for place in table.queue:
            older = [one for one in table.queue if one.ticket < place.ticket]
            self.ahead.setdefault(place.fleet_key, len(older))
            opened = {h.turn for h in table.held if h.mode not in place.modes and h.turn > place.ticket}
            self.turns.setdefault(place.fleet_key, set()).update(opened)


@st.composite
def journeys(draw: st.DrawFn, pairs: tuple[str, ...], name: str) -> Journey:
    """A fleet of some region, with the zones that it goes through; each leg may be open to several."""
    region = draw(st.sampled_from(REGIONS))
    legs = draw(
        st.lists(st.permutations(ZONES).flatmap(lambda z: st.sampled_from([z[:1], z[:2], z])), max_size=3)
    )
    mine = tuple(key for key in pairs if region in key.split("|"))
    return Journey(name, region, mine, tuple(map(tuple, legs)), draw(st.booleans()) and bool(legs))


@st.composite
def worlds(draw: st.DrawFn) -> Rounds:
    """Up to nine fleets in four regions with any pairs among them, rings included."""
    all_pairs = [f"{a}|{b}" for a in REGIONS for b in REGIONS if a < b]
    pairs = tuple(draw(st.lists(st.sampled_from(all_pairs), unique=True)))
    travellers = []
    for number in range(draw(st.integers(1, 9))):
        journey = draw(journeys(pairs, f"f{number}"))
        dies_at = draw(st.none() | st.integers(1, 12))
        stays, arrives = draw(st.integers(HELD_FOR, 4)), draw(st.integers(1, 10))
        travellers.append(Traveller(journey, stays, arrives, dies_at, journey.first()))
    return Rounds(travellers, Random(draw(st.integers(0, 2**32))))


@settings(deadline=None)
@given(worlds())
def test_everybody_alive_gets_home(world: Rounds) -> None:
    """Whatever is paired, who comes when and who dies: never two modes at once, and all alive get home (R46, R48)."""
    work = sum((one.stays + 3) * (one.journey.last + 1) + one.arrives for one in world.travellers)
    for _ in range(2 * work + 20):
        world.run()

    assert world.on_the_way == []


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(1, 8), st.permutations(ZONES), st.integers(1, 3), st.integers(HELD_FOR, 5)),
        min_size=2,
        max_size=14,
    ),
    st.integers(0, 2**32),
)
def test_as_many_turns_come_before_as_waited_before(
    fleets: list[tuple[int, list[str], int, int]], seed: int
) -> None:
    """While one waits, at most as many turns of other zones are opened as fleets waited before it came (R48)."""
    travellers = [
        Traveller(Journey(f"f{n}", "r", (), (tuple(zones[:count]),)), stays, arrives, None, 1)
        for n, (arrives, zones, count, stays) in enumerate(fleets)
    ]
    overtaking = Overtaking()
    world = Rounds(travellers, Random(seed), overtaking.watch)
    for _ in range(100):
        world.run()

    assert world.on_the_way == []
    assert all(len(turns) <= overtaking.ahead[name] for name, turns in overtaking.turns.items())


@settings(deadline=None)
@given(stays=st.integers(HELD_FOR, 6), arrives=st.integers(2, 8), seed=st.integers(0, 2**32))
def test_a_stream_of_newcomers_starves_nobody(stays: int, arrives: int, seed: int) -> None:
    """One fleet a round comes for zone 1 for ever: one that waits for zone 2 gets it when those are through (R48)."""
    one = Journey("waits", "r", (), (("2",),))
    stream = [
        Traveller(Journey(f"f{n}", "r", (), (("1",),)), stays, n, None, 1)
        for n in range(1, arrives + stays + 9)
    ]
    waits = Traveller(one, stays, arrives, None, 1)
    world = Rounds([*stream, waits], Random(seed))
    for _ in range(arrives + stays + 3):
        world.run()

    assert waits.step == waits.journey.last


@settings(deadline=None)
@given(offset=st.integers(0, 4), stays=st.integers(HELD_FOR, 5), seed=st.integers(0, 2**32))
def test_two_streams_do_not_starve_a_region_in_two_pairs(offset: int, stays: int, seed: int) -> None:
    """Both partners are never idle at once by themselves: the region between them gets its turn all the same (R46)."""
    west = [
        Traveller(Journey(f"w{n}", "westus", ("eastus|westus",), (("1",),)), stays, n * stays, None)
        for n in range(1, 12)
    ]
    west3 = [
        Traveller(
            Journey(f"x{n}", "westus3", ("eastus|westus3",), (("1",),)), stays, n * stays + offset, None
        )
        for n in range(1, 12)
    ]
    pairs = ("eastus|westus", "eastus|westus3")
    east = Traveller(Journey("east", "eastus", pairs, (("1",),)), stays, 2 * stays, None)
    world = Rounds([*west, *west3, east], Random(seed))
    for _ in range(2 * stays + 2 * (stays + 4) + offset):
        world.run()

    assert east.step > 0
