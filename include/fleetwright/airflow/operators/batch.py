"""The steps of one batch: check_health, select_batch, swap_os_disk, wait_for_health, roll_back, settle_batch."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from fleetwright.airflow.operators.step import RolloutStepOperator, airflow_errors, raise_wait_error
from fleetwright.airflow.triggers import PAUSE, RolloutWaitTrigger
from fleetwright.rollout.acts import ROLLBACK, SWAP
from fleetwright.rollout.check import Ending, check_health
from fleetwright.rollout.narrate import verdicts_text
from fleetwright.rollout.rolling_back import begin_rollback, needs_rollback
from fleetwright.rollout.selecting import Chosen, Wait, choose_again, choose_batch
from fleetwright.rollout.session import RolloutSession
from fleetwright.rollout.settling import settle_batch
from fleetwright.rollout.swapping import swap_os_disk
from fleetwright.rollout.waiting import awaited

if TYPE_CHECKING:
    from airflow.sdk import Context

log = logging.getLogger(__name__)

SELECT, SWAP_OS_DISK, ROLL_BACK, SETTLE = "select_batch", "swap_os_disk", "roll_back", "settle_batch"


class CheckHealthOperator(RolloutStepOperator):
    """Reads the whole set again; too many out of service, or a fleet that is not ours any more, ends here."""

    def step(self, context: Context) -> dict[str, Any]:
        """Go on with the choice of a batch, or straight to the end."""
        ending = check_health(self.reopen(context))
        return self.branch(context, _ending_body(ending), SETTLE if ending else SELECT)


class SelectBatchOperator(RolloutStepOperator):
    """Chooses the batch, each instance with its reason; where nothing fits the budget, somebody holds it or others
    go first in its region, waits without a worker.
    """

    def step(self, context: Context) -> dict[str, Any]:
        """Choose, and go on with the swap, or to the end."""
        session = self.reopen(context)
        return self._go_on(context, session, choose_batch(session))

    def resume(
        self, context: Context, event: dict[str, Any], since: str, wait: str = Wait.BUDGET
    ) -> dict[str, Any]:
        """Choose again after a wait."""
        raise_wait_error(event)
        with airflow_errors():
            session = self.reopen(context)
            before = Chosen(wait=Wait(wait), since=datetime.fromisoformat(since))
            return self._go_on(context, session, choose_again(session, before))

    def _go_on(self, context: Context, session: RolloutSession, chosen: Chosen) -> dict[str, Any]:
        if chosen.wait is not None:
            since = chosen.since or session.now()
            trigger = RolloutWaitTrigger.for_session(session, chosen.wait, self.azure_conn_id, since)
            self.wait_for(trigger, since=since.isoformat(), wait=str(chosen.wait))
        body = {"instance_ids": list(chosen.instance_ids), **_ending_body(chosen.ending)}
        return self.branch(context, body, SWAP_OS_DISK if chosen.instance_ids else SETTLE)


class BatchStepOperator(RolloutStepOperator):
    """A step of the batch that was chosen in its own turn of the loop.

    A person may clear such a task long after. Then its batch is over, and nothing is done: taking the lease
    would only fence off the batch that is under way now.

    :param selected: output of ``select_batch``, None where that was skipped
    """

    template_fields: Sequence[str] = (*RolloutStepOperator.template_fields, "selected")

    def __init__(self, *, selected: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.selected = selected

    @property
    def chosen(self) -> tuple[str, ...]:
        """Ids of the batch; empty where none was chosen."""
        return tuple((self.selected or {}).get("instance_ids", ()))

    def reopen_unless_over(self, context: Context) -> RolloutSession | None:
        """The session of the rollout; None when the batch of this turn is over."""
        ports = self.ports()
        if not ports.ledger.load(self.rollout_id).is_over(self.chosen):
            return self.reopen(context, ports)
        log.info("the batch with instances %s is over: nothing is done", ", ".join(self.chosen))
        return None


class SwapOsDiskOperator(BatchStepOperator):
    """Admits the batch again over a fresh reading and swaps it; a retry re-attaches and never swaps twice."""

    def step(self, context: Context) -> None:
        """Swap; the wait is the next task's."""
        session = self.reopen_unless_over(context)
        if session is not None:
            swap_os_disk(session, self.chosen)


class WaitForHealthOperator(BatchStepOperator):
    """Waits in the triggerer until each instance has its verdict, then chooses between rollback and the end."""

    def step(self, context: Context) -> Any:
        """Defer, unless every verdict is known already."""
        session = self.reopen_unless_over(context)
        if session is None:
            return self.branch(context, {"rollback": False}, SETTLE)
        if awaited(session.view, SWAP):
            self.wait_for(RolloutWaitTrigger.for_session(session, SWAP.name, self.azure_conn_id))
        return self._branch(context, session)

    def resume(self, context: Context, event: dict[str, Any]) -> dict[str, Any]:
        """Tell the verdicts and branch."""
        raise_wait_error(event)
        with airflow_errors():
            return self._branch(context, self.reopen(context))

    def _branch(self, context: Context, session: RolloutSession) -> dict[str, Any]:
        log.info("%s", verdicts_text(session.view))
        rollback = needs_rollback(session.view)
        return self.branch(context, {"rollback": rollback}, ROLL_BACK if rollback else SETTLE)


class RollBackOperator(BatchStepOperator):
    """Puts the recorded previous version of the unhealthy ones back and waits for it in the triggerer."""

    def step(self, context: Context) -> None:
        """Send the rollback, then defer until each instance is ready again or has failed."""
        session = self.reopen_unless_over(context)
        if session is None:
            return
        begin_rollback(session)
        if awaited(session.view, ROLLBACK) or session.view.is_surging:
            self.wait_for(RolloutWaitTrigger.for_session(session, ROLLBACK.name, self.azure_conn_id))

    def resume(self, context: Context, event: dict[str, Any]) -> None:
        """Tell how the rollback ended."""
        raise_wait_error(event)
        with airflow_errors():
            log.info("%s", verdicts_text(self.reopen(context).view))


class SettleBatchOperator(BatchStepOperator):
    """Judges the batch and the set, writes the evidence, and prepares what the loop's gate asks.

    :param checked: output of ``check_health``
    """

    template_fields: Sequence[str] = (*BatchStepOperator.template_fields, "checked")

    def __init__(self, *, checked: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.checked = checked

    def step(self, context: Context) -> dict[str, Any]:
        """Settle; where the policy asks for a pause, take it without a worker."""
        session = self.reopen_unless_over(context)
        if session is None:
            return self._known()
        settled = settle_batch(session, _ending_of(self.checked) or _ending_of(self.selected))
        body = {"stop": settled.ending is not None, "reason": settled.summary}
        if settled.resume_at is not None:
            trigger = RolloutWaitTrigger.for_session(session, PAUSE, self.azure_conn_id, settled.resume_at)
            self.wait_for(trigger, body=body)
        return body

    def resume(self, context: Context, event: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
        """The pause between two batches is over."""
        raise_wait_error(event)
        log.info("the pause before the next batch of %s is over", context["run_id"])
        return body

    def _known(self) -> dict[str, Any]:
        view = self.ports().ledger.load(self.rollout_id)
        decided = view.rollout.decided
        return {
            "stop": bool(decided) and view.open_batch is None,
            "reason": decided.get("message", "the batch was settled before"),
        }


def _ending_body(ending: Ending | None) -> dict[str, Any]:
    return {"ending": ending.to_dict() if ending else None}


def _ending_of(body: dict[str, Any] | None) -> Ending | None:
    found = (body or {}).get("ending")
    return Ending.from_dict(found) if found else None
