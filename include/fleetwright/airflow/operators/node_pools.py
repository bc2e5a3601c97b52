"""The steps of one pool: select_pool, upgrade_pool, wait_for_pool, verify_pool."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from fleetwright.airflow.node_triggers import OPERATION, VERIFICATION, NodeWaitTrigger
from fleetwright.airflow.operators.node_step import NodeStepOperator, tell
from fleetwright.airflow.operators.step import airflow_errors, raise_wait_error
from fleetwright.domain.node_pools.rollouts import PoolState
from fleetwright.node_images.planning import progress_words
from fleetwright.node_images.selecting import Selected, Wait, select_pool
from fleetwright.node_images.upgrading import upgrade_pool

if TYPE_CHECKING:
    from airflow.sdk import Context

    from fleetwright.node_images.session import NodeSession

log = logging.getLogger(__name__)

UPGRADE, VERIFY = "upgrade_pool", "verify_pool"
_TO_BE_VERIFIED = frozenset({PoolState.UPGRADING, PoolState.SOAKING})


class SelectPoolOperator(NodeStepOperator):
    """Chooses the next pool over a fresh reading; where somebody holds it or AKS is busy, waits without a worker."""

    def step(self, context: Context) -> dict[str, Any]:
        """Choose, and go on with the upgrade, or to the end."""
        session = self.reopen(context)
        return self._go_on(context, session, select_pool(session))

    def resume(self, context: Context, event: dict[str, Any], wait: str) -> dict[str, Any]:
        """Choose again after a wait."""
        raise_wait_error(event)
        with airflow_errors():
            session = self.reopen(context)
            return self._go_on(context, session, select_pool(session, is_patient=wait != Wait.BUSY))

    def _go_on(self, context: Context, session: NodeSession, selected: Selected) -> dict[str, Any]:
        tell(context, session.rollout)
        if selected.wait is not None:
            wait = str(selected.wait)
            self.wait_for(NodeWaitTrigger.for_session(session, wait, "", self.azure_conn_id), wait=wait)
        ending = selected.ending.reason if selected.ending else ""
        return self.branch(
            context, {"pool": selected.pool, "ending": ending}, UPGRADE if selected.pool else VERIFY
        )


class PoolStepOperator(NodeStepOperator):
    """A step of the pool that was chosen in its own turn of the loop.

    A person may clear such a task long after. Then its pool is over, and nothing is done: taking the lease would only
    fence off the pool that is under way now.

    :param selected: output of ``select_pool``, None where that was skipped
    """

    template_fields: Sequence[str] = (*NodeStepOperator.template_fields, "selected")

    def __init__(self, *, selected: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.selected = selected

    @property
    def chosen(self) -> str:
        """Name of the pool; empty where none was chosen."""
        return str((self.selected or {}).get("pool", ""))

    def reopen_unless_over(self, context: Context) -> NodeSession | None:
        """The session of the rollout; None when the pool of this turn is over."""
        ports = self.node_ports()
        pool = ports.ledger.load_nodes(self.rollout_id).pool(self.chosen)
        if pool is not None and not pool.is_ended:
            return self.reopen(context, ports)
        log.info("pool %s is over: nothing is done", self.chosen)
        return None

    def await_in_triggerer(self, session: NodeSession, wait: str) -> None:
        """Leave the worker until the pool has got so far."""
        self.wait_for(NodeWaitTrigger.for_session(session, wait, self.chosen, self.azure_conn_id))


class UpgradePoolOperator(PoolStepOperator):
    """Asks AKS for the pool's new image; a retry re-attaches and never asks twice."""

    def step(self, context: Context) -> None:
        """Send; the wait is the next task's."""
        session = self.reopen_unless_over(context)
        if session is not None:
            upgrade_pool(session, self.chosen)


class WaitForPoolOperator(PoolStepOperator):
    """Waits in the triggerer until AKS has gone through the pool."""

    def step(self, context: Context) -> None:
        """Defer while the operation runs."""
        session = self.reopen_unless_over(context)
        if session is None:
            return
        found = session.rollout.pool(self.chosen)
        if found is not None and found.state is PoolState.UPGRADING:
            self.await_in_triggerer(session, OPERATION)

    def resume(self, context: Context, event: dict[str, Any]) -> None:
        """The operation is over; what came of it is looked at by the next task."""
        raise_wait_error(event)
        log.info("AKS has gone through pool %s in run %s", self.chosen, context["run_id"])


class VerifyPoolOperator(PoolStepOperator):
    """Verifies every machine, watches the pool through its soak, and prepares what the loop's gate asks."""

    def step(self, context: Context) -> dict[str, Any]:
        """Verify, where there is something to verify; the soak holds no worker."""
        session = self.reopen_unless_over(context) if self.chosen else None
        if session is not None:
            found = session.rollout.pool(self.chosen)
            if found is not None and found.state in _TO_BE_VERIFIED:
                self.await_in_triggerer(session, VERIFICATION)
        return self._gate()

    def resume(self, context: Context, event: dict[str, Any]) -> dict[str, Any]:
        """Tell how the pool ended."""
        raise_wait_error(event)
        with airflow_errors():
            session = self.reopen(context)
            log.info("%s", progress_words(session))
            tell(context, session.rollout)
            return self._gate()

    def _gate(self) -> dict[str, Any]:
        """Whether the loop stops: only where there was no pool to choose any more."""
        if self.chosen:
            return {"stop": False, "reason": f"pool {self.chosen} has had its turn"}
        return {"stop": True, "reason": str((self.selected or {}).get("ending", ""))}
