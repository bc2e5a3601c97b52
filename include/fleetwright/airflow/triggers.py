"""The trigger behind every wait of a rollout: no worker is held, and no remote work is ever cancelled here.

A trigger's class path and arguments are stored in Airflow's database: plain JSON, no secrets. When it
moves to another triggerer it starts again from the ledger, which knows every end of a swap that was seen.
"""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

from fleetwright.airflow.wait_trigger import WaitTrigger
from fleetwright.domain.fleets import parse_fleet_id
from fleetwright.rollout.acts import ACTS
from fleetwright.rollout.effects import Process, run_async
from fleetwright.rollout.halting import wait_to_choose
from fleetwright.rollout.ports.leases import Lease, LeaseTerms
from fleetwright.rollout.selecting import Chosen, Wait, wait_for_pause
from fleetwright.rollout.session import Ports, RolloutSession
from fleetwright.rollout.waiting import wait_for_verdicts

PAUSE = "pause"


class RolloutWaitTrigger(WaitTrigger):
    """Waits for verdicts of a swap or a rollback, for budget, idle nodes, a hold's release or its turn, or for a
    pause to pass.

    :param wait: ``swap``, ``rollback``, ``pause``, or a ``Wait``: ``budget``, ``release``, ``turn``, ``idle``
    :param token: the lease's fencing token; a newer one ends this wait without a trace
    :param since: when a wait for budget or for a release began, or until when a pause lasts; ISO 8601
    """

    ARGUMENTS = ("wait", "rollout_id", "azure_conn_id", "holder", "token", "expiry_seconds", "since")

    def __init__(
        self,
        *,
        wait: str,
        rollout_id: str,
        azure_conn_id: str,
        holder: str,
        token: int,
        expiry_seconds: float,
        since: str = "",
    ) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # Airflow does not annotate it
        self.wait = wait
        self.rollout_id = rollout_id
        self.azure_conn_id = azure_conn_id
        self.holder = holder
        self.token = token
        self.expiry_seconds = expiry_seconds
        self.since = since

    @classmethod
    def for_session(
        cls, session: RolloutSession, wait: str, azure_conn_id: str, since: datetime | None = None
    ) -> RolloutWaitTrigger:
        """The trigger that goes on with what the session has begun."""
        return cls(
            wait=wait,
            rollout_id=session.rollout_id,
            azure_conn_id=azure_conn_id,
            holder=session.lease.holder,
            token=session.lease.token,
            expiry_seconds=session.lease.terms.expiry.total_seconds(),
            since=since.isoformat() if since else "",
        )

    async def _wait(self) -> None:
        # Imported here: the wiring reads connections, which the DAG processor has no need to load.
        from fleetwright.airflow.wiring import build_ports_async  # noqa: PLC0415

        ports = await build_ports_async(self.azure_conn_id)
        try:
            session = await self._open_session(ports)
            await run_async(self._process(session), session)
        finally:
            await asyncio.to_thread(ports.close)

    async def _open_session(self, ports: Ports) -> RolloutSession:
        view = await asyncio.to_thread(ports.ledger.load, self.rollout_id)
        fleet_id = parse_fleet_id(view.rollout.settings.fleet_id)
        fleet = await asyncio.to_thread(ports.driver.fetch_fleet, fleet_id)
        terms = LeaseTerms(timedelta(seconds=self.expiry_seconds))
        return RolloutSession(ports, Lease(fleet_id.key, self.holder, self.token, terms), view, fleet)

    def _process(self, session: RolloutSession) -> Process:
        if self.wait == PAUSE:
            return wait_for_pause(session, _instant(self.since))
        if self.wait in set(Wait):
            return wait_to_choose(session, Chosen(wait=Wait(self.wait), since=_instant(self.since)))
        return wait_for_verdicts(session, ACTS[self.wait])


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text)
