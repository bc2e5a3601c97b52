"""The last steps: finish, which is red when the cluster needs a person, and release_lease, whatever happened."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from airflow.sdk.exceptions import AirflowFailException

from fleetwright.airflow.operators.node_step import NodeStepOperator, tell
from fleetwright.airflow.operators.step import owner_of
from fleetwright.domain.node_pools.rollouts import NodeRolloutState
from fleetwright.node_images.finishing import finish
from fleetwright.node_images.report import report
from fleetwright.node_images.selecting import select_pool

if TYPE_CHECKING:
    from airflow.sdk import Context

log = logging.getLogger(__name__)

_GREEN = frozenset({NodeRolloutState.COMPLETED, NodeRolloutState.WINDOW_CLOSED})


class FinishNodesOperator(NodeStepOperator):
    """Writes the rollout's end; one that stopped fails the run, one that leaves pools for the next window does not."""

    def step(self, context: Context) -> dict[str, Any]:
        """Return the report of the rollout."""
        ports = self.node_ports()
        rollout = ports.ledger.load_nodes(self.rollout_id)
        if not rollout.is_ended:
            session = self.reopen(context, ports)
            ending = select_pool(session).ending
            if ending is None:
                raise AirflowFailException(
                    f"rollout {self.rollout_id} is not over: start it again to go on with it"
                )
            finish(session, ending)
            rollout = session.rollout
        tell(context, rollout)
        body = report(rollout)
        context["ti"].xcom_push(key="return_value", value=body)
        if rollout.state not in _GREEN:
            raise AirflowFailException(f"{rollout.state}: {rollout.reason}")
        return body


class ReleaseClusterOperator(NodeStepOperator):
    """Gives the cluster back, whatever happened; nothing of a cluster has to be opened again."""

    def step(self, context: Context) -> None:
        """Release the lease, where this run has one."""
        from fleetwright.airflow.wiring import build_ledger  # noqa: PLC0415 - heavy; parsing needs none of it

        if not self.rollout_id:
            return
        ledger = build_ledger()
        ledger.release_nodes(self.rollout_id, owner=owner_of(context))
        log.info("the cluster of rollout %s is free again", self.rollout_id)
        if not ledger.load_nodes(self.rollout_id).is_ended:
            log.warning(
                "rollout %s is not over, whatever color this run has: start a rollout of the cluster again to go on with it,"
                " or end it with fleetwright cancel and one more run",
                self.rollout_id,
            )
