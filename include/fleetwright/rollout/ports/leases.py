"""The right to change a fleet, and how every call that changes one asks whether it still holds."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeAlias

# Called right before every attempt of a mutating call; raises ``LeaseLostError`` when the fleet is not ours any more.
Guard: TypeAlias = Callable[[], None]


@dataclass(frozen=True, slots=True)
class LeaseTerms:
    """How long a holder may be silent before it counts as dead; wall time."""

    expiry: timedelta = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to change one fleet, while the token is the newest.

    :param token: grows with every taking; an older one is refused for ever
    """

    fleet_key: str
    holder: str
    token: int
    terms: LeaseTerms


# Renews a lease as long as it is entered.
KeepAlive: TypeAlias = Callable[[Lease], AbstractContextManager[object]]
