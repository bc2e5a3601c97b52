"""Fleets that take turns, without a ledger: every step is one decision of ``domain.turns``, and safety is checked."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TypeVar

from fleetwright.domain.turns import Claim, Decision, Held, Table, Thing, Waiting, decide_claim

Wants = dict[Thing, tuple[str, ...]]
Seat = TypeVar("Seat", Held, Waiting)


@dataclass
class Tables:
    """What a ledger would hold.

    :param number: the last one drawn
    """

    at: dict[Thing, Table] = field(default_factory=dict)
    number: int = 0

    def claim(self, fleet_key: str, wants: Wants, over: frozenset[str] = frozenset()) -> Decision:
        """Claim as a ledger does: a place where nothing is wanted any more goes, of the scopes asked for."""
        self.number += 1
        for thing, table in self.at.items():
            if thing not in wants and thing[0] in {scope for scope, _ in wants}:
                self.at[thing] = replace(table, queue=_without(table.queue, fleet_key))
        before = {thing: self.at.get(thing, Table()) for thing in wants}
        decision = decide_claim(before, Claim(fleet_key, wants, self.number, over))
        gone = {one.fleet_key for table in before.values() for one in table.held}
        gone -= {one.fleet_key for table in decision.tables.values() for one in table.held} | {fleet_key}
        self.at.update(decision.tables)
        for other in gone & over:
            self.leave(other)
        self.check()
        assert bool(decision.granted) is not bool(decision.blockers)
        return decision

    def leave(self, fleet_key: str, scope: str = "") -> None:
        """Give everything back, or everything of one scope."""
        for thing, table in self.at.items():
            if scope in {"", thing[0]}:
                self.at[thing] = Table(_without(table.held, fleet_key), _without(table.queue, fleet_key))

    def die(self, fleet_key: str) -> None:
        """Not be heard of any more."""
        for thing, table in self.at.items():
            held = tuple(replace(h, is_alive=h.is_alive and h.fleet_key != fleet_key) for h in table.held)
            queue = tuple(replace(w, is_alive=w.is_alive and w.fleet_key != fleet_key) for w in table.queue)
            self.at[thing] = Table(held, queue)

    def revive(self, fleet_key: str) -> None:
        """Be gone on with by another run: what is held still is, what was waited for has to be asked for anew."""
        for thing, table in self.at.items():
            held = tuple(replace(h, is_alive=h.is_alive or h.fleet_key == fleet_key) for h in table.held)
            self.at[thing] = Table(held, _without(table.queue, fleet_key))

    def check(self) -> None:
        """Never two modes of one thing, whoever holds it, alive or not."""
        for thing, table in self.at.items():
            assert len({one.mode for one in table.held}) <= 1, (thing, table)
            assert len({one.fleet_key for one in table.held}) == len(table.held), (thing, table)
            assert len({one.fleet_key for one in table.queue}) == len(table.queue), (thing, table)

    def copy(self) -> Tables:
        """The same, to go another way from here; numbers are made small where only their order counts."""
        drawn = {0}
        for table in self.at.values():
            drawn |= {one.turn for one in table.held} | {one.ticket for one in table.queue}
        rank = {number: place for place, number in enumerate(sorted(drawn))}
        at = {
            thing: Table(
                tuple(replace(one, turn=rank[one.turn]) for one in table.held),
                tuple(replace(one, ticket=rank[one.ticket]) for one in table.queue),
            )
            for thing, table in self.at.items()
        }
        return Tables(at, len(rank))

    def frozen(self) -> tuple[tuple[Thing, Table], ...]:
        """Comparable, whatever came before."""
        some = ((thing, table) for thing, table in self.at.items() if table.held or table.queue)
        return tuple(
            (thing, Table(tuple(sorted(table.held, key=lambda one: one.fleet_key)), table.queue))
            for thing, table in sorted(some, key=lambda one: one[0])
        )


def _without(seats: tuple[Seat, ...], fleet_key: str) -> tuple[Seat, ...]:
    return tuple(one for one in seats if one.fleet_key != fleet_key)


@dataclass(frozen=True, slots=True)
class Journey:
    """What one fleet goes through: its pairs, then zone after zone, then home.

    :param pairs: keys of its region's pairs
    :param legs: the zones that it could go on with at each leg, the preferred one first
    :param is_joint: whether pairs and zone are claimed in one claim
    """

    fleet_key: str
    region: str
    pairs: tuple[str, ...]
    legs: tuple[tuple[str, ...], ...]
    is_joint: bool = False

    @property
    def last(self) -> int:
        """The number of its last step."""
        return 1 + len(self.legs)

    def wants(self, step: int) -> Wants:
        """What it claims at a step: 0 is the pairs, each further one a zone."""
        pairs: Wants = {("pair", key): (self.region,) for key in self.pairs}
        if step == 0:
            return pairs
        zone: Wants = {("zone", f"{self.region}|image|1"): self.legs[step - 1]}
        return {**pairs, **zone} if self.is_joint else zone

    def first(self) -> int:
        """Where it begins: whoever has no pairs, or claims all at once, begins with its first zone."""
        return 1 if self.is_joint or not self.pairs else 0
