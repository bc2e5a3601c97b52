"""``fleetwright locks``: who has a fleet, a region of a pair or a zone, and who waits for whom (R46, R48)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

import click

from fleetwright.cli.output import print_json
from fleetwright.cli.people import ledger_flag
from fleetwright.cli.wiring import look_into
from fleetwright.domain.durations import clock_text
from fleetwright.domain.holds import Hold, Holdable, find_holds, hold_text, holdable
from fleetwright.ledger.locks import HeldLock, LockScope
from fleetwright.ledger.store import SqlLedger
from fleetwright.rollout.ports.turns import TurnHolder, TurnScope
from fleetwright.rollout.turn_words import name_of

_WHAT = {TurnScope.PAIR: "one region of the pair at a time", TurnScope.ZONE: "one zone at a time"}


@dataclass(frozen=True, slots=True)
class Seat:
    """Who has something or waits for it, as it is shown.

    :param mode: the zone or region; empty for a fleet, which one run has alone
    :param rollout_id: the fleet's rollout that has not ended; empty where there is none
    :param heard_at: the last heartbeat of a fleet's run
    :param holds: what keeps a fleet that a run has from its next batch, and so all who wait for it
    """

    scope: str
    key: str
    mode: str
    fleet_key: str
    run: str
    rollout_id: str
    since: datetime
    is_alive: bool
    is_waiting: bool = False
    heard_at: datetime | None = None
    holds: tuple[Hold, ...] = ()


@click.command()
@ledger_flag
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object on standard output.")
def locks(ledger: str | None, *, as_json: bool) -> int:
    """Show which runs have fleets, zones and regions of pairs, and which wait; the ledger alone is read."""
    opened = look_into(ledger)
    seats, now = list_seats(opened), opened.wall_now()
    if as_json:
        print_json({"value": [_body(seat) for seat in seats]})
    elif seats:
        click.echo("\n".join(_lines(seats, now)))
    else:
        click.echo(f"no run has a fleet, and nobody has or waits for a turn; ledger: {opened}")
    return 0


def list_seats(ledger: SqlLedger) -> list[Seat]:
    """Pairs and zones with who has them and who waits, then the fleets that runs have."""
    now = ledger.wall_now()
    turns = [_turn_seat(ledger, holder) for holder in ledger.list_turns()]
    leases = (lock for lock in ledger.list_locks() if lock.scope == LockScope.FLEET)
    return [*turns, *(_fleet_seat(ledger, lease, now) for lease in leases)]


def _turn_seat(ledger: SqlLedger, holder: TurnHolder) -> Seat:
    return Seat(
        scope=str(holder.scope),
        key=holder.key,
        mode=holder.mode,
        fleet_key=holder.fleet_key,
        run=holder.run,
        rollout_id=ledger.find_rollout(holder.fleet_key),
        since=holder.since,
        is_alive=holder.is_alive,
        is_waiting=holder.is_waiting,
    )


def _fleet_seat(ledger: SqlLedger, lease: HeldLock, now: datetime) -> Seat:
    rollout_id = ledger.find_rollout(lease.key)
    return Seat(
        scope=str(LockScope.FLEET),
        key=lease.key,
        mode="",
        fleet_key=lease.key,
        run=lease.holder,
        rollout_id=rollout_id or ledger.find_node_rollout(lease.key),
        since=lease.taken_at,
        is_alive=lease.is_alive(now),
        heard_at=lease.heartbeat_at,
        holds=_holds(ledger, lease.key, rollout_id),
    )


def _holds(ledger: SqlLedger, fleet_key: str, rollout_id: str) -> tuple[Hold, ...]:
    holds = ledger.list_holds()
    if not holds:
        return ()
    about = holdable(ledger.load(rollout_id).rollout.settings) if rollout_id else Holdable(fleet=fleet_key)
    return find_holds(holds, about)


def _body(seat: Seat) -> dict[str, Any]:
    return {
        "scope": seat.scope,
        "key": seat.key,
        "mode": seat.mode,
        "fleet": seat.fleet_key,
        "run": seat.run,
        "rolloutId": seat.rollout_id,
        "since": seat.since.isoformat(),
        "alive": seat.is_alive,
        "waits": seat.is_waiting,
        **({"holds": [hold.to_dict() for hold in seat.holds]} if seat.holds else {}),
    }


def _lines(seats: list[Seat], now: datetime) -> Iterator[str]:
    shared = [seat for seat in seats if seat.scope != LockScope.FLEET]
    for (scope, key), found in groupby(shared, key=lambda seat: (seat.scope, seat.key)):
        group = list(found)
        yield f"{scope} {key}: {_WHAT[TurnScope(scope)]}, {_present(group)}"
        yield from (f"  {_turn_line(seat, now)}" for seat in group)
    for seat in seats[len(shared) :]:
        yield f"fleet {name_of(seat.fleet_key)} is taken{_since(seat, now)} by {_run(seat)}: {_heard(seat, now)}"
        yield from (f"  no further batch of it begins: {hold_text(hold)}" for hold in seat.holds)


def _present(group: list[Seat]) -> str:
    modes = sorted({_mode(seat) for seat in group if not seat.is_waiting})
    return f"now {' and '.join(modes)}" if modes else "nobody's now"


def _mode(seat: Seat) -> str:
    """The zone or region; a fleet that can share with nobody claims the thing under its own key."""
    if seat.mode == seat.fleet_key:
        return "all of it"
    return f"zone {seat.mode}" if seat.scope == TurnScope.ZONE else seat.mode


def _turn_line(seat: Seat, now: datetime) -> str:
    does = f"waits for {_mode(seat)}" if seat.is_waiting else f"has {_mode(seat)}"
    said = f"{name_of(seat.fleet_key)} {does}{_since(seat, now)}, {_run(seat)}: "
    if seat.is_alive:
        return f"{said}alive"
    if seat.is_waiting:
        return f"{said}not heard of any more; it keeps nobody waiting"
    return (
        f"{said}DEAD, its instances may be in flight; run its rollout again (fleetwright run --fleet"
        f" {seat.fleet_key}), or wait: its turn ends by itself as soon as nothing of it is in flight"
    )


def _heard(seat: Seat, now: datetime) -> str:
    ago = "" if seat.heard_at is None else f", last heard of {clock_text(now - seat.heard_at)} ago"
    if seat.is_alive:
        return f"alive{ago}"
    return f"DEAD{ago}; the fleet's next run {'goes on with it' if seat.rollout_id else 'takes it'}"


def _since(seat: Seat, now: datetime) -> str:
    return f" since {seat.since:%Y-%m-%d %H:%M:%SZ} ({clock_text(now - seat.since)})"


def _run(seat: Seat) -> str:
    rollout = f"rollout {seat.rollout_id}" if seat.rollout_id else "no rollout under way"
    return f"run {seat.run!r} ({rollout})" if seat.run else f"no run ({rollout})"
