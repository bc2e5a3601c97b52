"""What the waits of a fleet's rollout ask for: ``run`` carries it out in a worker or a command, ``run_async`` in a
trigger, where no thread may wait.
"""

from __future__ import annotations

import asyncio
from collections.abc import Generator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

from fleetwright.domain.events import Event
from fleetwright.rollout.flights import read_flights
from fleetwright.rollout.heeding import read_words
from fleetwright.rollout.ports.turns import Want
from fleetwright.rollout.processes import (
    KeepLease,
    ReadOperation,
    WaitUntil,
    carry_out,
    carry_out_async,
    sleep_until,
)
from fleetwright.rollout.session import RolloutSession


@dataclass(frozen=True, slots=True)
class ReadInstances:
    """Answered by a tuple of ``Instance``: the whole set."""


@dataclass(frozen=True, slots=True)
class ReadInstance:
    """Answered by one ``Instance``, read itself and not from a list; None when it is gone."""

    instance_id: str


@dataclass(frozen=True, slots=True)
class ReadWords:
    """Answered by ``Words``: what people said to the rollout, and its fleet's window; one read of the ledger."""


@dataclass(frozen=True, slots=True)
class ReadFleet:
    """Answered by nothing, once ``session.fleet`` is the model as it is now."""


@dataclass(frozen=True, slots=True)
class ClaimTurns:
    """Answered by a ``TurnAnswer``: all that is wanted, or who is in the way.

    :param over: fleets whose runs are dead and of which nothing is in flight
    """

    wants: tuple[Want, ...]
    over: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ReadFlights:
    """Answered by why something of another fleet's dead run may still be in flight; empty when nothing is.

    :param silent_since: when its run was found dead
    """

    fleet_key: str
    silent_since: datetime


@dataclass(frozen=True, slots=True)
class Write:
    """Answered by nothing, once the events are in the ledger and ``session.view`` shows them."""

    events: tuple[Event, ...]


Effect: TypeAlias = (
    ReadInstances
    | ReadInstance
    | ReadOperation
    | ReadWords
    | ReadFleet
    | ClaimTurns
    | ReadFlights
    | Write
    | KeepLease
    | WaitUntil
)
Process: TypeAlias = Generator[Effect, Any, None]


def run(process: Process, session: RolloutSession) -> None:
    """Run a process to its end in this thread, on the session's clock."""
    carry_out(process, lambda effect: perform(effect, session))


async def run_async(process: Process, session: RolloutSession) -> None:
    """Run a process to its end on an event loop, on real time; nothing here blocks the loop."""
    await carry_out_async(process, lambda effect: perform_async(effect, session))


def perform(effect: Effect, session: RolloutSession) -> Any:  # noqa: ANN401 - each effect states its answer
    """Carry one effect out and return its answer."""
    driver = session.ports.driver
    match effect:
        case ReadInstances():
            return driver.list_instances(session.fleet)
        case ReadInstance(instance_id):
            return driver.fetch_instance(session.fleet, instance_id)
        case ReadOperation(url):
            return driver.fetch_operation(url)
        case ReadWords() | ClaimTurns() | ReadFlights():
            return _ask_ledger(effect, session)
        case _:
            return _act(effect, session)


def _ask_ledger(effect: ReadWords | ClaimTurns | ReadFlights, session: RolloutSession) -> Any:  # noqa: ANN401 - as above
    match effect:
        case ReadWords():
            return read_words(session)
        case ClaimTurns(wants, over):
            return session.ports.ledger.claim_turns(session.lease, wants, over=over)
        case ReadFlights(fleet_key, silent_since):
            return read_flights(session, fleet_key, silent_since)


def _act(effect: Effect, session: RolloutSession) -> None:
    """Carry out what is answered by nothing."""
    match effect:
        case ReadFleet():
            session.refresh_fleet()
        case Write(events):
            session.write(*events)
        case KeepLease():
            session.guard()
        case WaitUntil(instant):
            session.ports.clock.wait_until(instant)


async def perform_async(effect: Effect, session: RolloutSession) -> Any:  # noqa: ANN401 - as above
    """Carry one effect out without blocking the event loop; ledger writes are short and use a pooled thread."""
    driver = session.ports.driver
    match effect:
        case ReadInstances():
            return await driver.list_instances_async(session.fleet)
        case ReadInstance(instance_id):
            return await driver.fetch_instance_async(session.fleet, instance_id)
        case ReadOperation(url):
            return await driver.fetch_operation_async(url)
        case WaitUntil(instant):
            await sleep_until(instant, session.now, session.guard)
            return None
        case _:
            return await asyncio.to_thread(perform, effect, session)
