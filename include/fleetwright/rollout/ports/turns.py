"""Turns: what several fleets share and may use in one mode at a time, a region's zones and a pair of regions.

A turn lives on its holder's fleet lease: it is alive as long as that is, and given back with it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from fleetwright.rollout.ports.leases import Lease


class TurnScope(StrEnum):
    """What a turn is about."""

    ZONE = "zone"  # one zone of a region at a time for one image version: R48
    PAIR = "pair"  # one region of a pair at a time: R46


@dataclass(frozen=True, slots=True)
class Want:
    """What a fleet asks for.

    :param key: ``region|image|version`` for zones; the two regions, sorted, ``a|b`` for a pair
    :param modes: the modes that it could go on with, the preferred one first: zones, or its own region; a mode
        that nobody else can have, such as its own fleet key, excludes everybody
    """

    scope: TurnScope
    key: str
    modes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TurnHolder:
    """Who has a turn, or waits for one.

    :param fleet_key: the fleet whose rollout it is
    :param mode: the mode that is held; for one who waits, the preferred one
    :param run: the run that has the fleet's lease, empty where nobody has it
    :param is_alive: whether that run was heard of in time
    """

    scope: TurnScope
    key: str
    fleet_key: str
    mode: str
    run: str
    since: datetime
    is_alive: bool
    is_waiting: bool = False


@dataclass(frozen=True, slots=True)
class TurnAnswer:
    """What a claim came to.

    :param granted: the mode of each key, of all that were wanted or of none
    :param in_the_way: who has to go first, dead holders included, where nothing was granted
    """

    granted: tuple[tuple[str, str], ...] = ()
    in_the_way: tuple[TurnHolder, ...] = ()

    @property
    def is_granted(self) -> bool:
        """Whether the fleet may go on."""
        return not self.in_the_way

    def mode_of(self, key: str) -> str:
        """The mode granted for a key; empty where it was not."""
        return dict(self.granted).get(key, "")


class Turns(Protocol):
    """Turns in the ledger. Every method raises ``LedgerError`` when it cannot be read or written."""

    def claim_turns(self, lease: Lease, wants: tuple[Want, ...], *, over: tuple[str, ...] = ()) -> TurnAnswer:
        """Take all that is wanted, or nothing and a place in the queue; fair: whoever waits is not overtaken.

        What the fleet holds already in a wanted mode it keeps; what it holds in another mode it gives up first. Whoever
        has a zone may not wait for a pair. Who stands in a queue asks again and again, or gives its places back: they
        keep others waiting as long as its lease is alive.

        :param over: keys of fleets whose runs are dead and of which nothing is in flight any more: all that they hold
            is taken away; one that is alive again keeps it
        :raises LeaseLostError: when the lease is not the newest any more
        """
        ...

    def give_turns_back(self, lease: Lease, scope: TurnScope | None = None) -> None:
        """Give back what the fleet holds, and its places in queues; of one scope, or of all: zones before pairs.

        :raises LeaseLostError: when the lease is not the newest any more
        """
        ...

    def why_not_my_turn(self, lease: Lease, wants: tuple[Want, ...]) -> str:
        """Why a swap may not be sent: what it needs is not held any more; empty where it is."""
        ...

    def list_turns(self) -> tuple[TurnHolder, ...]:
        """Everybody who holds or waits, by scope, key and age."""
        ...
