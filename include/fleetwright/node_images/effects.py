"""What the waits of a rollout of node images ask for; ``run`` carries it out in a worker or a command, ``run_async`` in
a trigger, where no thread may wait.
"""

from __future__ import annotations

import asyncio
from collections.abc import Generator
from dataclasses import dataclass
from typing import Any, TypeAlias

from fleetwright.domain.node_pools.rollouts import NodeEvent
from fleetwright.node_images.heeding import read_words
from fleetwright.node_images.session import NodeSession
from fleetwright.rollout.processes import (
    KeepLease,
    ReadOperation,
    WaitUntil,
    carry_out,
    carry_out_async,
    sleep_until,
)


@dataclass(frozen=True, slots=True)
class ReadPool:
    """Answered by a ``NodePool`` as it is now."""

    pool: str


@dataclass(frozen=True, slots=True)
class ReadMachines:
    """Answered by a tuple of ``Machine``: every one of the pool."""

    pool: str


@dataclass(frozen=True, slots=True)
class ReadWorkloads:
    """Answered by ``Workloads``: what the cluster itself says of its nodes."""


@dataclass(frozen=True, slots=True)
class ReadWords:
    """Answered by ``Words``: what people said to the rollout; one read of the ledger."""


@dataclass(frozen=True, slots=True)
class Write:
    """Answered by nothing, once the events are in the ledger and ``session.rollout`` shows them."""

    events: tuple[NodeEvent, ...]


Effect: TypeAlias = (
    ReadPool | ReadMachines | ReadOperation | ReadWorkloads | ReadWords | Write | KeepLease | WaitUntil
)
Process: TypeAlias = Generator[Effect, Any, None]


def run(process: Process, session: NodeSession) -> None:
    """Run a process to its end in this thread, on the session's clock."""
    carry_out(process, lambda effect: perform(effect, session))


async def run_async(process: Process, session: NodeSession) -> None:
    """Run a process to its end on an event loop, on real time; nothing here blocks the loop."""
    await carry_out_async(process, lambda effect: perform_async(effect, session))


def perform(effect: Effect, session: NodeSession) -> Any:  # noqa: ANN401 - each effect states its answer
    """Carry one effect out and return its answer."""
    driver = session.ports.driver
    match effect:
        case ReadPool(pool):
            return driver.fetch_pool(session.cluster, pool)
        case ReadMachines(pool):
            return driver.list_machines(session.cluster, pool)
        case ReadOperation(url):
            return driver.fetch_operation(url)
        case ReadWorkloads():
            return driver.read_workloads(session.cluster)
        case ReadWords():
            return read_words(session)
        case _:
            return _act(effect, session)


def _act(effect: Effect, session: NodeSession) -> None:
    """Carry out what is answered by nothing."""
    match effect:
        case Write(events):
            session.write(*events)
        case KeepLease():
            session.guard()
        case WaitUntil(instant):
            session.ports.clock.wait_until(instant)


async def perform_async(effect: Effect, session: NodeSession) -> Any:  # noqa: ANN401 - as above
    """Carry one effect out without blocking the event loop; what has no asynchronous form uses a pooled thread."""
    driver = session.ports.driver
    match effect:
        case ReadPool(pool):
            return await driver.fetch_pool_async(session.cluster, pool)
        case ReadMachines(pool):
            return await driver.list_machines_async(session.cluster, pool)
        case ReadOperation(url):
            return await driver.fetch_operation_async(url)
        case WaitUntil(instant):
            return await sleep_until(instant, session.now, session.guard)
        case _:
            return await asyncio.to_thread(perform, effect, session)
