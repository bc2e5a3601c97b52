"""Processes that die: at the n-th thing they ask of the world or of the ledger, before it or after it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, TypeAlias

from fleetwright.rollout.session import Ports

Answer: TypeAlias = Any  # whatever a port's method returns
Port: TypeAlias = Any

DRIVER_CALLS = frozenset(
    {
        "fetch_fleet",
        "list_instances",
        "fetch_instance",
        "fetch_foreign_rollout",
        "fetch_awaited_version",
        "fetch_operation",
        "prepare",
        "keep_disks",
        "prepare_rollback",
        "fetch_disks",
        "begin_delete_disk",
        "begin_swap",
        "begin_rollback",
        "fetch_repairs_state",
        "begin_repairs_action",
        "list_usages",
        "begin_scaling",
        "begin_deletion",
        "disable_scheduling",
        "enable_scheduling",
    }
)
LEDGER_CALLS = frozenset({"begin", "append", "claim_turns", "why_not_my_turn", "give_turns_back"})


class Killed(BaseException):
    """The process is gone; nothing of it runs any more."""


class Moment(StrEnum):
    """When it dies."""

    BEFORE = "before"  # nothing was sent, nothing was written
    AFTER = "after"  # it was carried out, and the answer is lost


@dataclass(frozen=True, slots=True)
class Death:
    """One place to die at.

    :param number: of the call, 0 for the first
    """

    number: int
    moment: Moment


class Mortal:
    """Counts what a process asks for, and kills it where it is told to.

    :ivar calls: the names of the calls so far
    """

    def __init__(self, death: Death | None = None) -> None:
        self.calls: list[str] = []
        self.is_dead = False
        self._death = death

    def ports(self, ports: Ports) -> Ports:
        """The same ports, through which the process may die."""
        driver: Port = _Fragile(ports.driver, DRIVER_CALLS, self)
        ledger: Port = _Fragile(ports.ledger, LEDGER_CALLS, self)
        return replace(ports, driver=driver, ledger=ledger)

    def call(self, name: str, act: Callable[[], Answer]) -> Answer:
        """Carry one call out, or die; what is dead asks for nothing any more."""
        if self.is_dead:
            raise Killed(name)
        number = len(self.calls)
        self.calls.append(name)
        if self._death == Death(number, Moment.BEFORE):
            self._die(name)
        answer = act()
        if self._death == Death(number, Moment.AFTER):
            self._die(name)
        return answer

    def _die(self, name: str) -> None:
        self.is_dead = True
        raise Killed(name)


class _Fragile:
    """An object some of whose calls may kill the process; a dead process gives nothing back."""

    def __init__(self, inner: Port, names: frozenset[str], mortal: Mortal) -> None:
        self._inner = inner
        self._names = names
        self._mortal = mortal

    def __getattr__(self, name: str) -> Answer:
        if name == "release" and self._mortal.is_dead:
            return lambda *_arguments, **_named: None
        found = getattr(self._inner, name)
        if name not in self._names:
            return found
        return lambda *arguments, **named: self._mortal.call(name, lambda: found(*arguments, **named))


def fragile(inner: Port, names: frozenset[str], mortal: Mortal) -> Port:
    """An object some of whose calls may kill the process.

    :param names: of those calls
    """
    return _Fragile(inner, names, mortal)


class Bent:
    """A driver of which some methods are others.

    :param others: by name
    """

    def __init__(self, ports: Ports, **others: Callable[..., Answer]) -> None:
        self._driver, self._others = ports.driver, others

    def __getattr__(self, name: str) -> Answer:
        return self._others.get(name) or getattr(self._driver, name)


def bent(ports: Ports, **others: Callable[..., Answer]) -> Ports:
    """The same ports, with other methods of the driver."""
    driver: Any = Bent(ports, **others)
    return replace(ports, driver=driver)
