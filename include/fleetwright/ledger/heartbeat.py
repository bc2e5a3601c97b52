"""A lease kept alive by a thread of its own, while the rollout waits or works."""

from __future__ import annotations

import logging
from collections.abc import Callable
from threading import Event, Thread
from types import TracebackType
from typing import Self

from fleetwright.domain.errors import LeaseLostError, LedgerError
from fleetwright.rollout.ports.leases import Lease
from fleetwright.rollout.ports.ledger import Ledger

HEARTBEAT_SECONDS = 10.0  # a third of the default expiry: two beats may fail before the lease is up

_log = logging.getLogger(__name__)


class LeaseHeartbeat:
    """Renews a lease by wall time between ``with`` and its end, and remembers when it was lost.

    :param every_seconds: between two beats; well under the lease's expiry
    :param pause: waits on the event for that long and tells whether it was set; for tests
    """

    def __init__(
        self,
        ledger: Ledger,
        lease: Lease,
        every_seconds: float = HEARTBEAT_SECONDS,
        *,
        pause: Callable[[Event, float], bool] = Event.wait,
    ) -> None:
        self.lost = Event()
        self._ledger = ledger
        self._lease = lease
        self._every_seconds = every_seconds
        self._pause = pause
        self._ended = Event()
        self._loss: LeaseLostError | None = None
        self._thread = Thread(target=self._beat, name=f"heartbeat of {lease.fleet_key}", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()

    def raise_if_lost(self) -> None:
        """Call it where a wait ends.

        :raises LeaseLostError: when a beat found that another run owns the fleet
        """
        if self._loss is not None:
            raise self._loss

    def _beat(self) -> None:
        while not self._pause(self._ended, self._every_seconds):
            try:
                self._ledger.check(self._lease)
            except LeaseLostError as error:
                self._loss = error
                self.lost.set()
                return
            except LedgerError as error:
                # Not lost yet: whoever wants to change the fleet checks first, and is refused there.
                _log.warning("the lease on %s was not renewed: %s", self._lease.fleet_key, error)
