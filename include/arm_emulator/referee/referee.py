"""The referee: hears what happens in the world, keeps count, and says which rules were broken.

It knows the world's events and nothing else: no HTTP, no state of the emulator, no word of an orchestrator. What it
keeps is brought up to date by each event at a cost that does not grow with the record.
"""

from __future__ import annotations

import heapq
from dataclasses import replace
from datetime import timedelta
from functools import singledispatchmethod
from itertools import chain, count
from typing import TYPE_CHECKING, Any

from arm_emulator.record import (
    DeallocationAccepted,
    Event,
    InstanceAdded,
    InstanceRemoved,
    NodeInterrupted,
    NodePoolEvent,
    OperationFailed,
    OsDiskSwapped,
    ReadinessChanged,
    ReplacementsAccepted,
    ScaleSetAdded,
    TasksEnded,
    UpgradeRenewed,
)
from arm_emulator.referee.acceptance import Acceptance, ReplacementKind, kind_of
from arm_emulator.referee.disks import judge_disks
from arm_emulator.referee.domains import judge_domains
from arm_emulator.referee.flights import Flight, Overlap, RegionFlights
from arm_emulator.referee.limits import judge_limits
from arm_emulator.referee.node_pools import NodePools
from arm_emulator.referee.pairs import judge_pairs
from arm_emulator.referee.protection import judge_protection
from arm_emulator.referee.report import report
from arm_emulator.referee.scale_set_record import ScaleSetRecord, Work
from arm_emulator.referee.versions import judge_versions
from arm_emulator.referee.work import judge_interruption, note_order

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from arm_emulator.record import Replacement
    from arm_emulator.referee.violations import Violation


# An operation without an end after this has failed for its instances, though it may never say so.
_OPERATION_LIMIT = timedelta(minutes=30)


class Referee:
    """Observes a world from its start.

    :param pairs: each region's pairs, both ways.
    :param health_seconds: for how long after its swap an instance that is not ready counts as in flight.
    """

    def __init__(self, pairs: Mapping[str, frozenset[str]], *, health_seconds: float) -> None:
        self.health_seconds = health_seconds
        self.records: dict[str, ScaleSetRecord] = {}
        self.regions: dict[str, RegionFlights] = {}
        self.overlap = Overlap(pairs)
        self.violations: list[Violation] = []
        self.node_pools = NodePools(self.violations)
        self._deadlines: list[tuple[datetime, int, Flight]] = []
        self._order = count()

    def observe(self, event: Event) -> None:
        """Take note of an event; events arrive in the order of time."""
        self._let_flights_expire(event.at)
        if isinstance(event, NodePoolEvent):
            self.node_pools.observe(event)
        else:
            self._note(event)

    def report(self, now: datetime, *, total_requests: int, mutating_requests: int) -> dict[str, Any]:
        """The report as JSON."""
        self._let_flights_expire(now)
        return report(self, now, total_requests=total_requests, mutating_requests=mutating_requests)

    @singledispatchmethod
    def _note(self, event: Event) -> None:
        raise TypeError(f"the referee does not know {event!r}")

    @_note.register
    def _(self, event: ScaleSetAdded) -> None:
        record = ScaleSetRecord(event.scale_set, event.location, dict(event.versions), set(event.not_ready))
        record.work = Work() if event.is_pool else None
        record.note_out_of_service()
        self.records[event.scale_set] = record
        self.regions.setdefault(event.location, RegionFlights())

    @_note.register
    def _(self, event: UpgradeRenewed) -> None:
        self.records[event.scale_set].forget_swaps_to(event.version)

    @_note.register
    def _(self, event: InstanceAdded) -> None:
        record = self.records[event.scale_set]
        record.versions[event.instance] = event.version
        record.not_ready.add(event.instance)
        record.note_out_of_service()

    @_note.register
    def _(self, event: InstanceRemoved) -> None:
        record = self.records[event.scale_set]
        self._end_flight(record, event.instance, event.at)
        record.versions.pop(event.instance, None)
        record.not_ready.discard(event.instance)
        record.note_out_of_service()

    @_note.register
    def _(self, event: DeallocationAccepted) -> None:
        record = self.records[event.scale_set]
        last = record.last_flights.get(event.instance)
        if last is None or record.history(event.instance).is_rolled_back:
            return
        self._end_flight(record, event.instance, event.at)
        self._put_in_flight(record, replace(last), event.at)
        self._limit(record.flights[event.instance], event.at + self._for_health)
        record.note_busy(event.at)
        record.note_in_flight()

    @_note.register
    def _(self, event: OsDiskSwapped) -> None:
        record = self.records[event.scale_set]
        record.history(event.instance).ran.add(event.version)
        record.versions[event.instance] = event.version
        record.data_disks_lost += event.data_disks_lost
        self.violations.extend(judge_disks(record, event))
        flight = record.flights.get(event.instance)
        if flight is not None:
            # One of its own from here on: what was to end with the operation ends with the time for health.
            swapped = record.flights[event.instance] = record.last_flights[event.instance] = replace(flight)
            self._limit(swapped, event.at + self._for_health)

    @_note.register
    def _(self, event: NodeInterrupted) -> None:
        self.violations.extend(judge_interruption(self.records[event.scale_set], event))

    @_note.register
    def _(self, event: TasksEnded) -> None:
        note_order(self.records[event.scale_set], event)

    @_note.register
    def _(self, event: OperationFailed) -> None:
        self._end_flight(self.records[event.scale_set], event.instance, event.at)

    @_note.register
    def _(self, event: ReadinessChanged) -> None:
        record = self.records[event.scale_set]
        if event.ready:
            record.not_ready.discard(event.instance)
            self._end_flight(record, event.instance, event.at)
            replaced = record.last_flights.get(event.instance)
            if replaced is not None:
                record.note_ready(replaced, event.at)
        else:
            record.not_ready.add(event.instance)
        record.note_out_of_service()

    @_note.register
    def _(self, event: ReplacementsAccepted) -> None:
        record = self.records[event.scale_set]
        kinds = {r.instance: kind_of(r, record.history(r.instance)) for r in event.replacements}
        acceptance = Acceptance(
            event=event,
            kinds=kinds,
            newly_out=sum(not record.is_out_of_service(r.instance) for r in event.replacements),
            record=record,
            regions=self.regions,
            overlap=self.overlap,
        )
        self._take_off(acceptance)
        judges = (judge_limits, judge_domains, judge_pairs, judge_versions, judge_protection)
        self.violations.extend(chain.from_iterable(judge(acceptance) for judge in judges))
        self._write_histories(acceptance)

    def _take_off(self, acceptance: Acceptance) -> None:
        """Put the swaps and rollbacks of a call in flight."""
        record, at = acceptance.record, acceptance.at
        swaps = acceptance.swaps
        if swaps:
            record.add_batch(tuple(swap.instance for swap in swaps), at)
            record.first_swap_at = record.first_swap_at or at
        for replacement in acceptance.event.replacements:
            kind = acceptance.kinds[replacement.instance]
            if kind is not ReplacementKind.SAME_VERSION:
                self._start_flight(acceptance, replacement)
        record.note_busy(at)
        record.note_in_flight()
        record.note_out_of_service()
        for image in dict.fromkeys(acceptance.image_of(r) for r in acceptance.event.replacements):
            self.regions[record.location].note_zones(image)

    def _start_flight(self, acceptance: Acceptance, replacement: Replacement) -> None:
        record = acceptance.record
        self._end_flight(record, replacement.instance, acceptance.at)
        flight = Flight(
            scale_set=record.id,
            instance=replacement.instance,
            location=record.location,
            image=acceptance.image_of(replacement),
            zone=replacement.zone,
            update_domain=replacement.update_domain,
            batch=record.batch_of.get(replacement.instance),
        )
        self._put_in_flight(record, flight, acceptance.at)
        self._limit(flight, acceptance.at + _OPERATION_LIMIT)

    def _put_in_flight(self, record: ScaleSetRecord, flight: Flight, at: datetime) -> None:
        record.flights[flight.instance] = record.last_flights[flight.instance] = flight
        self.regions[record.location].add(flight)
        self.overlap.set_active(record.location, is_active=True, at=at)

    @property
    def _for_health(self) -> timedelta:
        return timedelta(seconds=self.health_seconds)

    def _limit(self, flight: Flight, deadline: datetime) -> None:
        """From then on an instance that is not ready is unhealthy, not in flight."""
        heapq.heappush(self._deadlines, (deadline, next(self._order), flight))

    def _end_flight(self, record: ScaleSetRecord, instance: str, at: datetime) -> None:
        flight = record.flights.pop(instance, None)
        if flight is None:
            return
        region = self.regions[record.location]
        region.remove(flight)
        self.overlap.set_active(record.location, is_active=region.total > 0, at=at)
        record.note_busy(at)

    def _let_flights_expire(self, now: datetime) -> None:
        """End flights whose time is over, each at its own instant."""
        while self._deadlines and self._deadlines[0][0] <= now:
            deadline, _, flight = heapq.heappop(self._deadlines)
            record = self.records[flight.scale_set]
            if record.flights.get(flight.instance) is flight:
                self._end_flight(record, flight.instance, deadline)

    def _write_histories(self, acceptance: Acceptance) -> None:
        record = acceptance.record
        for replacement in acceptance.event.replacements:
            kind, history = acceptance.kinds[replacement.instance], record.history(replacement.instance)
            if kind is ReplacementKind.SWAP:
                record.swaps[replacement.instance] += 1
                history.swapped_to.add(replacement.to_version)
                history.before_last_swap = replacement.from_version
                history.is_rolled_back = False
            elif kind is ReplacementKind.ROLLBACK:
                record.rollbacks[replacement.instance] += 1
                history.is_rolled_back = True
