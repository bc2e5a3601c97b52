"""Processes that die: at the n-th thing that they ask of Azure or of the ledger, before it or after it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, TypeVar

from fleetwright.phases.ports import PhasePorts
from fleetwright.phases.watch.watch_ports import WatchPorts
from fleetwright.rollout.session import Ports
from fleetwright_demo.journeys.drawn import DrawnDeath
from fleetwright_demo.journeys.each_call import Call, EachCall

AnyPorts = TypeVar("AnyPorts", Ports, PhasePorts, WatchPorts)


class KilledError(BaseException):
    """The process is gone: nothing of it runs any more, and nothing that catches errors catches this."""

    kind = "KilledError"


class Mortal:
    """Counts what a process asks for, and kills it where it is told to."""

    def __init__(self, death: DrawnDeath) -> None:
        self._death = death
        self._calls = 0
        self.is_dead = False

    def ports(self, ports: AnyPorts) -> AnyPorts:
        """The same ports, through which the process may die."""
        driver: Any = EachCall(ports.driver, self.call)
        ledger: Any = EachCall(ports.ledger, self.call)
        return replace(ports, driver=driver, ledger=ledger)

    def call(self, act: Call) -> Any:  # noqa: ANN401 - whatever the call answers
        """Carry one call out, or die; what is dead asks for nothing any more."""
        if self.is_dead:
            raise KilledError
        is_last = self._calls == self._death.call
        self._calls += 1
        if is_last and not self._death.is_after:
            self._die()
        answer = act()
        if is_last:
            self._die()
        return answer

    def _die(self) -> None:
        self.is_dead = True
        raise KilledError
