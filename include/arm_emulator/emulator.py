"""The emulator: a world, its clock, its faults, and those who keep the record.

Nothing here runs by itself. Each request moves the world to the clock's time first and then does its work without
giving way in between, so one event loop is all the locking there is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from arm_emulator.admin.request_log import RequestLog
from arm_emulator.compute.outages import let_zones_be_down
from arm_emulator.faults.faults import Faults
from arm_emulator.referee.referee import Referee
from arm_emulator.world.advance import advance_to
from arm_emulator.world.dumping import dump_world
from arm_emulator.world.loading import load_world, regions_of, start_of

if TYPE_CHECKING:
    from datetime import datetime

    from arm_emulator.clock import Clock
    from arm_emulator.faults.document import EffectDocument, FaultDocument
    from arm_emulator.faults.faults import CallFacts, Fault
    from arm_emulator.seeded import Seed
    from arm_emulator.world.document import WorldDocument
    from arm_emulator.world.world import World


class Emulator:
    """Everything that a running emulator holds.

    :param document: the world to start with.
    """

    world: World
    faults: Faults
    requests: RequestLog
    referee: Referee

    def __init__(self, document: WorldDocument, clock: Clock, seed: Seed) -> None:
        self.clock = clock
        self._seed = seed
        self.reset(document)

    def reset(self, document: WorldDocument) -> None:
        """Replace everything: the world, its faults, the record and the request log."""
        self.clock.start_at(start_of(document))
        now = self.clock.now()
        referee = Referee(regions_of(document).pairs(), health_seconds=document.referee.healthSeconds)
        self.world = load_world(document, seed=self._seed, now=now, observer=referee)
        self.referee = referee
        self.faults = Faults.of(document.faults, now)
        self.requests = RequestLog()
        self._let_faults_act()

    def advance(self) -> None:
        """Bring the world to the clock's time; zones that come back on the way do so at their own instant."""
        now = self.clock.now()
        for instant in self.faults.outage_ends(self.world.now, now):
            advance_to(self.world, instant)
            self._let_faults_act()
        advance_to(self.world, now)
        self._let_faults_act()

    def hit(self, call: CallFacts) -> EffectDocument | None:
        """What the faults make of a call; a zone that it takes down is down once the call is answered."""
        return self.faults.hit(call, self.world.now)

    def settle_call(self) -> None:
        """Let what a call has brought about happen, now that it is answered.

        Whoever sent it could not know, so the referee judges it over the world as it was.
        """
        self._let_faults_act()

    def add_fault(self, document: FaultDocument) -> Fault:
        """Add a fault; its seconds count from now."""
        fault = self.faults.add(document, self.world.now)
        self._let_faults_act()
        return fault

    def clear_faults(self) -> None:
        """Remove all faults: zones that are down come back."""
        self.faults.clear()
        self._let_faults_act()

    def _let_faults_act(self) -> None:
        let_zones_be_down(self.world, self.faults.zones_down(self.world.now))

    def move_clock(self, instant: datetime) -> None:
        """Move a manual clock, and the world with it, step by step.

        :raises ClockError: the clock is not manual.
        """
        self.clock.move_to(instant)
        self.advance()

    def document(self) -> dict[str, Any]:
        """The world now, as a document that can be loaded again."""
        return dump_world(
            self.world,
            faults=self.faults.remaining(self.world.now),
            health_seconds=self.referee.health_seconds,
        )

    def audit(self) -> dict[str, Any]:
        """The referee's report."""
        log = self.requests
        return self.referee.report(self.world.now, total_requests=log.total, mutating_requests=log.mutating)
