"""Deleting the disks that swaps and rollbacks of ours left unattached, as often as anybody asks, each once (O7).

Only what the ledger records as ours, nobody needs any more, and the provider shows as attached to nothing right now
is deleted. What cannot be deleted stays recorded: the next sweep meets it again.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from fleetwright.domain.errors import ConfigurationError, ProviderError
from fleetwright.domain.events import Event
from fleetwright.domain.fleets import Fleet
from fleetwright.domain.leftovers import Leftover, list_leftovers
from fleetwright.domain.records import RolloutView
from fleetwright.rollout import facts
from fleetwright.rollout.ports.driver import DiskState
from fleetwright.rollout.ports.leases import Guard, Lease
from fleetwright.rollout.ports.operations import OperationState
from fleetwright.rollout.session import Ports, RolloutSession

log = logging.getLogger(__name__)

# So long a deletion is waited for; one that takes longer is met again by the next sweep.
DELETION_LIMIT = timedelta(minutes=2)
POLL = timedelta(seconds=2)

Write = Callable[[str, Event], object]


@dataclass(frozen=True, slots=True)
class Sweep:
    """What a sweep came to.

    :param gone: deleted now, or found to be gone already
    :param kept: still needed by instances that are not confirmed
    :param left: neither: attached to something, or not deleted this time
    """

    gone: tuple[Leftover, ...] = ()
    kept: tuple[Leftover, ...] = ()
    left: tuple[Leftover, ...] = ()


def sweep_session(session: RolloutSession, *, whole_fleet: bool = False) -> Sweep:
    """Sweep what this rollout has left behind, or every rollout of its fleet.

    :param whole_fleet: also what earlier rollouts left, which may have died before their own sweep
    """
    if not session.fleet.is_flexible:
        return Sweep()

    def write(rollout_id: str, event: Event) -> None:
        if rollout_id == session.rollout_id:
            session.write(event)
        else:
            session.ports.ledger.append(rollout_id, [event], lease=session.lease)

    views: Sequence[RolloutView] = (session.view,)
    if whole_fleet:
        views = session.ports.ledger.list_rollouts(session.fleet.key)
    return _sweep(session.ports, session.fleet, views, write, session.guard)


def sweep_fleet(ports: Ports, fleet: Fleet, lease: Lease) -> Sweep:
    """Sweep a fleet on which no rollout is under way.

    :param lease: of whoever asks
    """
    views = ports.ledger.list_rollouts(fleet.key)

    def write(rollout_id: str, event: Event) -> None:
        ports.ledger.append(rollout_id, [event], lease=lease)

    return _sweep(ports, fleet, views, write, lambda: ports.ledger.check(lease))


def _sweep(ports: Ports, fleet: Fleet, views: Sequence[RolloutView], write: Write, guard: Guard) -> Sweep:
    found = list_leftovers(views)
    kept = tuple(leftover for leftover in found if leftover.is_needed)
    free = tuple(leftover for leftover in found if not leftover.is_needed)
    states = ports.driver.fetch_disks(fleet, [leftover.disk_id for leftover in free]) if free else {}
    operations = {
        leftover: url
        for leftover in free
        if (url := _begin(ports, fleet, leftover, states.get(leftover.disk_id), guard)) is not None
    }
    gone = tuple(leftover for leftover in operations if _has_ended(ports, operations, leftover))
    for rollout_id in dict.fromkeys(leftover.rollout_id for leftover in gone):
        disks: dict[str, list[str]] = {}
        for leftover in gone:
            if leftover.rollout_id == rollout_id:
                disks.setdefault(leftover.instance_id, []).append(leftover.disk_id)
        write(rollout_id, facts.swept(disks, ports.clock.now()))
    if gone:
        log.info("old disks deleted: %d", len(gone))
    return Sweep(gone, kept, tuple(leftover for leftover in free if leftover not in gone))


def _begin(
    ports: Ports, fleet: Fleet, leftover: Leftover, state: DiskState | None, guard: Guard
) -> str | None:
    """Where the deletion ends, empty where the disk is gone already; None where it stays.

    :param state: how the disk stands; None where that could not be read
    """
    if state is DiskState.GONE:
        return ""
    if state is not DiskState.UNATTACHED:
        log.info("disk %s stays: it is %s", leftover.disk_id, state or "not known whether it is attached")
        return None
    try:
        log.info("deleting disk %s: %s", leftover.disk_id, leftover.why)
        return ports.driver.begin_delete_disk(fleet, leftover.disk_id, guard)
    except (ProviderError, ConfigurationError) as error:
        log.warning("disk %s was not deleted, a later sweep tries again: %s", leftover.disk_id, error)
        return None


def _has_ended(ports: Ports, operations: Mapping[Leftover, str], leftover: Leftover) -> bool:
    url, deadline = operations[leftover], ports.clock.now() + DELETION_LIMIT
    while url:
        try:
            status = ports.driver.fetch_operation(url)
        except ProviderError as error:
            log.warning("whether disk %s is deleted was not told: %s", leftover.disk_id, error)
            return False
        if status.state is OperationState.SUCCEEDED:
            return True
        if status.state is not OperationState.RUNNING or ports.clock.now() >= deadline:
            log.warning("disk %s was not deleted: %s", leftover.disk_id, status.error or status.state)
            return False
        url = status.url
        ports.clock.wait_until(min(deadline, ports.clock.now() + POLL))
    return True
