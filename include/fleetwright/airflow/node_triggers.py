"""The trigger behind every wait of a rollout of node images: no worker is held while AKS goes through a pool.

Like the trigger of other rollouts it starts again from the ledger when it moves to another triggerer.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING

from fleetwright.airflow.wait_trigger import WaitTrigger
from fleetwright.domain.node_pools.ids import parse_target
from fleetwright.node_images.effects import Process, run_async
from fleetwright.node_images.selecting import Wait, wait_to_select
from fleetwright.node_images.session import NodeSession
from fleetwright.node_images.verifying import verify_pool
from fleetwright.node_images.waiting import wait_for_pool
from fleetwright.rollout.ports.leases import Lease, LeaseTerms

if TYPE_CHECKING:
    from fleetwright.node_images.ports import NodePorts

OPERATION, VERIFICATION = "operation", "verification"
_OF_A_POOL: Mapping[str, Callable[[NodeSession, str], Process]] = {
    OPERATION: wait_for_pool,
    VERIFICATION: verify_pool,
}


class NodeWaitTrigger(WaitTrigger):
    """Waits for a pool's operation, for its verification and soak, or for what keeps the next pool from beginning.

    :param wait: ``operation``, ``verification``, or a ``Wait``: ``start``, ``release``, ``busy``
    :param pool: name of the pool; empty where the wait is for none
    :param token: the lease's fencing token; a newer one ends this wait without a trace
    """

    ARGUMENTS = ("wait", "pool", "rollout_id", "azure_conn_id", "holder", "token", "expiry_seconds")

    def __init__(
        self,
        *,
        wait: str,
        pool: str,
        rollout_id: str,
        azure_conn_id: str,
        holder: str,
        token: int,
        expiry_seconds: float,
    ) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # Airflow does not annotate it
        self.wait = wait
        self.pool = pool
        self.rollout_id = rollout_id
        self.azure_conn_id = azure_conn_id
        self.holder = holder
        self.token = token
        self.expiry_seconds = expiry_seconds

    @classmethod
    def for_session(cls, session: NodeSession, wait: str, pool: str, azure_conn_id: str) -> NodeWaitTrigger:
        """The trigger that goes on with what the session has begun."""
        return cls(
            wait=wait,
            pool=pool,
            rollout_id=session.rollout_id,
            azure_conn_id=azure_conn_id,
            holder=session.lease.holder,
            token=session.lease.token,
            expiry_seconds=session.lease.terms.expiry.total_seconds(),
        )

    async def _wait(self) -> None:
        # Imported here: the wiring reads connections, which the DAG processor has no need to load.
        from fleetwright.airflow.wiring import build_node_ports_async  # noqa: PLC0415

        ports = await build_node_ports_async(self.azure_conn_id)
        try:
            session = await asyncio.to_thread(self._open_session, ports)
            await run_async(self._process(session), session)
        finally:
            await asyncio.to_thread(ports.close)

    def _open_session(self, ports: NodePorts) -> NodeSession:
        rollout = ports.ledger.load_nodes(self.rollout_id)
        cluster = ports.driver.fetch_cluster(parse_target(rollout.settings.fleet_id).cluster)
        terms = LeaseTerms(timedelta(seconds=self.expiry_seconds))
        return NodeSession(ports, Lease(cluster.key, self.holder, self.token, terms), rollout, cluster)

    def _process(self, session: NodeSession) -> Process:
        if self.wait in _OF_A_POOL:
            return _OF_A_POOL[self.wait](session, self.pool)
        return wait_to_select(session, Wait(self.wait))
