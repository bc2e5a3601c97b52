"""The trigger behind every wait of a phase that a person may end: it reads holds and the clock, and changes nothing."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING

import pendulum

from fleetwright.airflow.wait_trigger import WaitTrigger
from fleetwright.rollout.clocks import SystemClock

if TYPE_CHECKING:
    from fleetwright.rollout.ports.holds import Holds

POLL_SECONDS = 5.0


class PhaseWaitTrigger(WaitTrigger):
    """Waits until an instant, or until somebody holds or releases something; fires once.

    :param until: ISO 8601, aware
    :param seen: ``fingerprint`` of the holds before it was decided to wait: a release in between is not missed
    :param poll_seconds: time between two looks at the holds
    """

    ARGUMENTS = ("until", "seen", "poll_seconds")

    def __init__(self, *, until: str, seen: str, poll_seconds: float = POLL_SECONDS) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # Airflow does not annotate it
        self.until = until
        self.seen = seen
        self.poll_seconds = poll_seconds

    async def _wait(self) -> None:
        # Imported here: the wiring reads connections, which the DAG processor has no need to load.
        from fleetwright.airflow.wiring import build_ledger_async  # noqa: PLC0415

        until: datetime = pendulum.DateTime.fromisoformat(self.until)
        ledger, clock = await build_ledger_async(), SystemClock()
        try:
            while (now := clock.now()) < until and await asyncio.to_thread(fingerprint, ledger) == self.seen:
                await clock.wait_until_async(min(until, now + timedelta(seconds=self.poll_seconds)))
        finally:
            await asyncio.to_thread(ledger.close)


def fingerprint(ledger: Holds) -> str:
    """What is held now, as a few characters that change with it."""
    held = "\n".join(f"{hold} {hold.at.isoformat()}" for hold in ledger.list_holds())
    return sha256(held.encode()).hexdigest()[:16]
