"""Who has a turn and who is next, where fleets share a thing in one mode at a time, and nobody waits for ever.

A pair of regions is used by one of them at a time (R46), a region's zones one at a time for one version (R48).
Tokens and tickets are drawn from one row of growing numbers, so comparing them tells what was first. A fleet has one
ticket for all that it waits for: whoever is older is older in every queue, so those who wait never wait in a circle.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TypeAlias

# Who has one of an earlier stage may wait for one of a later stage, never the other way round.
STAGES = ("pair", "zone")

Thing: TypeAlias = tuple[str, str]  # scope and key


class Why(StrEnum):
    """Why somebody is in the way."""

    HOLDS = "has its turn in another mode"
    DEAD = "has its turn in another mode and was not heard of in time: its instances may be in flight"
    WAITS = "has waited longer, for another mode"


@dataclass(frozen=True, slots=True)
class Held:
    """A fleet that has its turn.

    :param turn: the token with which the turn was opened; whoever joined has the same
    """

    fleet_key: str
    mode: str
    turn: int
    is_alive: bool = True


@dataclass(frozen=True, slots=True)
class Waiting:
    """A fleet in the queue.

    :param modes: those it could go on with, the preferred one first
    """

    fleet_key: str
    modes: tuple[str, ...]
    ticket: int
    is_alive: bool = True


@dataclass(frozen=True, slots=True)
class Table:
    """Everybody at one thing.

    :param queue: the oldest first
    """

    held: tuple[Held, ...] = ()
    queue: tuple[Waiting, ...] = ()


@dataclass(frozen=True, slots=True)
class Claim:
    """What one fleet wants at once, all or nothing.

    :param wants: modes by thing, the preferred one first; at least one each
    :param number: the next number: its ticket where it has none yet, and the token of a turn that it opens
    :param over: dead fleets of which nothing is in flight any more
    """

    fleet_key: str
    wants: Mapping[Thing, tuple[str, ...]]
    number: int
    over: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Blocker:
    """Who has to go first, and why."""

    thing: Thing
    fleet_key: str
    why: Why

    def __str__(self) -> str:
        return f"{' '.join(self.thing)}: {self.fleet_key} {self.why}"


@dataclass(frozen=True, slots=True)
class Decision:
    """What a claim comes to.

    :param tables: everybody at each wanted thing from now on
    :param granted: the mode of each thing; all, or none
    :param blockers: empty where it is granted
    """

    tables: Mapping[Thing, Table]
    granted: Mapping[Thing, str]
    blockers: tuple[Blocker, ...]


_Found: TypeAlias = Held | tuple[Blocker, ...]  # the claimant's turn at one thing, or everybody in its way


def decide_claim(tables: Mapping[Thing, Table], claim: Claim) -> Decision:
    """Grant all that is wanted, or queue for it (R46, R48); what is held in a mode not wanted is given up either way.

    :param tables: everybody at each wanted thing now
    """
    cleared = {thing: _clear(tables[thing], claim, modes) for thing, modes in claim.wants.items()}
    places = (place.ticket for table in cleared.values() for place in table.queue if _is_of(place, claim))
    ticket = min(places, default=claim.number)
    found = {thing: _judge(cleared[thing], thing, claim, ticket) for thing in claim.wants}
    reached = _reached(found)
    blockers = tuple(blocker for thing in reached for blocker in _blockers(found[thing]))
    if blockers:
        after = {t: _queue(table, t, claim, ticket if t in reached else None) for t, table in cleared.items()}
        return Decision(after, {}, blockers)
    joined = {thing: one for thing, one in found.items() if isinstance(one, Held)}
    after = {thing: _seat(table, joined[thing]) for thing, table in cleared.items()}
    return Decision(after, {thing: held.mode for thing, held in joined.items()}, ())


def _blockers(found: _Found) -> tuple[Blocker, ...]:
    return () if isinstance(found, Held) else found


def _reached(found: Mapping[Thing, _Found]) -> tuple[Thing, ...]:
    # In the queue of a later stage nobody stands who could not use it: it would keep those out who can.
    blocked = (STAGES.index(scope) for (scope, _), one in found.items() if _blockers(one))
    last = min(blocked, default=len(STAGES))
    return tuple(thing for thing in found if STAGES.index(thing[0]) <= last)


def _clear(table: Table, claim: Claim, modes: tuple[str, ...]) -> Table:
    """Who counts: without the dead that wait or are over, and without what the claimant gives up."""
    held = tuple(
        one
        for one in table.held
        if (one.mode in modes if _is_of(one, claim) else one.is_alive or one.fleet_key not in claim.over)
    )
    alive = (one for one in table.queue if one.is_alive or _is_of(one, claim))
    return Table(held, tuple(sorted(alive, key=lambda one: one.ticket)))


def _judge(table: Table, thing: Thing, claim: Claim, ticket: int) -> _Found:
    """The claimant's turn at one thing, or everybody who is in its way."""
    mine = next((one for one in table.held if _is_of(one, claim)), None)
    if mine is not None:
        return mine
    others = tuple(one for one in table.queue if not _is_of(one, claim))
    modes = claim.wants[thing]
    if table.held:
        return _join(table.held, others, thing, Waiting(claim.fleet_key, modes, ticket))
    is_queued = ticket < claim.number
    return _open(others, thing, Waiting(claim.fleet_key, modes, ticket), claim.number, is_queued=is_queued)


def _join(held: tuple[Held, ...], others: tuple[Waiting, ...], thing: Thing, asker: Waiting) -> _Found:
    """Join an open turn: one who waited when it was opened may, a newcomer only where it overtakes nobody."""
    mode, turn = held[0].mode, max(one.turn for one in held)
    in_the_way = [one for one in held if one.mode not in asker.modes or one.mode != mode]
    if in_the_way:
        return tuple(
            Blocker(thing, one.fleet_key, Why.HOLDS if one.is_alive else Why.DEAD) for one in in_the_way
        )
    overtaken = [one for one in others if mode not in one.modes and turn < asker.ticket > one.ticket]
    return _waiting(thing, overtaken) or Held(asker.fleet_key, mode, turn)


def _open(
    others: tuple[Waiting, ...], thing: Thing, asker: Waiting, number: int, *, is_queued: bool
) -> _Found:
    """Open a turn in the mode of whoever has waited longest."""
    oldest = min((*others, asker), key=lambda one: one.ticket)
    mode = oldest.modes[0]
    if mode not in asker.modes:
        return _waiting(thing, [oldest])
    overtaken = [] if is_queued else [one for one in others if mode not in one.modes]
    return _waiting(thing, overtaken) or Held(asker.fleet_key, mode, number)


def _waiting(thing: Thing, ones: Iterable[Waiting]) -> tuple[Blocker, ...]:
    return tuple(Blocker(thing, one.fleet_key, Why.WAITS) for one in ones)


def _seat(table: Table, joined: Held) -> Table:
    others = tuple(one for one in table.queue if one.fleet_key != joined.fleet_key)
    return Table(table.held if joined in table.held else (*table.held, joined), others)


def _queue(table: Table, thing: Thing, claim: Claim, ticket: int | None) -> Table:
    """The claimant's place at one thing, where it needs one: not where it has its turn, nor beyond its stage."""
    others = tuple(one for one in table.queue if not _is_of(one, claim))
    if ticket is None or any(_is_of(one, claim) for one in table.held):
        return replace(table, queue=others)
    place = Waiting(claim.fleet_key, claim.wants[thing], ticket)
    return replace(table, queue=tuple(sorted((*others, place), key=lambda one: one.ticket)))


def _is_of(one: Held | Waiting, claim: Claim) -> bool:
    return one.fleet_key == claim.fleet_key
