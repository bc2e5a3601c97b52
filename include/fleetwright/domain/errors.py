"""The errors of Fleetwright, split by who can mend them.

::

    FleetwrightError
    ├── ConfigurationError      what we were given is wrong: an id, a version, a percentage, a URL
    │   └── FleetNotFoundError  there is no such fleet, or not any more
    ├── HeldError               the fleet may not be upgraded now; carries every reason
    ├── LeaseLostError          another run owns the fleet now: stop, touch nothing
    │   └── GivenBackError      nobody owns it: its run gave it back, and may take it again
    ├── LedgerError             the ledger cannot be opened, or is from a newer schema
    ├── IllegalMoveError        a fact contradicts the tables of ``states``, where it stands
    └── ProviderError           Azure said no, or nothing (its leaves stand in ``azure.errors``)
"""

from __future__ import annotations


class FleetwrightError(Exception):
    """The root: ``kind`` is for machines and never changes, the message is one line for people."""

    kind = "error"


class ConfigurationError(FleetwrightError):
    """What we were given cannot be used; nothing was changed."""

    kind = "configuration"


class FleetNotFoundError(ConfigurationError):
    """The provider says that there is no such fleet: it never was, or its owner deleted it."""


class HeldError(FleetwrightError):
    """The fleet may not be upgraded now; nothing was changed.

    :param reasons: every reason, each one line that says what would be right
    """

    kind = "held"

    def __init__(self, reasons: tuple[str, ...]) -> None:
        self.reasons = reasons
        super().__init__(reasons)

    def __str__(self) -> str:
        return "; ".join(self.reasons)


class LeaseLostError(FleetwrightError):
    """The fencing token is no longer the newest: another run owns the fleet."""

    kind = "lease_lost"


class GivenBackError(LeaseLostError):
    """The run has given the fleet back: whatever a late step closed or swapped, nobody would see to any more."""

    kind = "given_back"


class LedgerError(FleetwrightError):
    """The ledger cannot be opened, written, or understood."""

    kind = "ledger"


class ProviderError(FleetwrightError):
    """Azure refused, failed, or did not answer."""

    kind = "provider"
