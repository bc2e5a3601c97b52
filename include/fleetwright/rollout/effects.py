"""A waiting process without IO: it asks for effects, and whoever runs it carries them out.

A wait is written once, as a generator that yields effects and is sent their answers. ``run`` carries
them out in a worker or a command; ``run_async`` does in a trigger, where no thread may wait. Errors of
an effect are thrown into the process at the place where it asked.
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
from fleetwright.rollout.session import RolloutSession


@dataclass(frozen=True, slots=True)
class ReadInstances:
    """Answered by a tuple of ``Instance``: the whole set."""


@dataclass(frozen=True, slots=True)
class ReadInstance:
    """Answered by one ``Instance``, read itself and not from a list; None when it is gone."""

    instance_id: str


@dataclass(frozen=True, slots=True)
class ReadOperation:
    """Answered by an ``OperationStatus``."""

    url: str


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


@dataclass(frozen=True, slots=True)
class KeepLease:
    """Answered by nothing, once the lease is renewed."""


@dataclass(frozen=True, slots=True)
class WaitUntil:
    """Answered by nothing, at or after the instant."""

    instant: datetime


KEEP_LEASE_SECONDS = 10.0

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
    answer: Any = None
    failure: Exception | None = None
    while True:
        effect = _advance(process, answer, failure)
        if effect is None:
            return
        answer, failure = None, None
        try:
            answer = perform(effect, session)
        except Exception as error:  # noqa: BLE001 - handed to the process, which decides or lets it out
            failure = error


def _advance(process: Process, answer: Any, failure: Exception | None) -> Effect | None:  # noqa: ANN401 - each effect states its answer
    """Hand the process what its last effect came to; its next effect, None at its end."""
    try:
        return process.send(answer) if failure is None else process.throw(failure)
    except StopIteration:
        return None


async def run_async(process: Process, session: RolloutSession) -> None:
    """Run a process to its end on an event loop, on real time; nothing here blocks the loop."""
    answer: Any = None
    failure: Exception | None = None
    while True:
        effect = _advance(process, answer, failure)
        if effect is None:
            return
        answer, failure = None, None
        try:
            answer = await perform_async(effect, session)
        except Exception as error:  # noqa: BLE001 - handed to the process, which decides or lets it out
            failure = error


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


async def _sleep_until(instant: datetime, session: RolloutSession) -> None:
    # In a command a thread of its own keeps the lease; here nobody else does while the wait is long.
    while (remaining := (instant - session.now()).total_seconds()) > 0:
        await asyncio.sleep(min(remaining, KEEP_LEASE_SECONDS))
        await asyncio.to_thread(session.guard)


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
            await _sleep_until(instant, session)
            return None
        case _:
            return await asyncio.to_thread(perform, effect, session)
