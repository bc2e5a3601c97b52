"""The last step: history, and a red run when the fleet needs a person."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

from fleetwright.airflow.operators.step import RolloutStepOperator
from fleetwright.domain.states import TERMINAL_STATES, RolloutState
from fleetwright.rollout.check import Ending
from fleetwright.rollout.finishing import finish
from fleetwright.rollout.report import report

if TYPE_CHECKING:
    from airflow.sdk import Context


class FinishOperator(RolloutStepOperator):
    """Reads the provider once more and writes the rollout's end; a rollout that stopped fails the run."""

    def step(self, context: Context) -> dict[str, Any]:
        """Return the report of the rollout."""
        view = self.ports().ledger.load(self.rollout_id)
        if view.rollout.state not in TERMINAL_STATES:
            session = self.reopen(context)
            if not session.view.rollout.decided:
                raise AirflowFailException(
                    f"rollout {self.rollout_id} is not over: start it again to go on with it"
                )
            finish(session, Ending.from_dict(session.view.rollout.decided))
            view = session.view
        body, rollout = report(view), view.rollout
        context["ti"].xcom_push(key="return_value", value=body)
        if rollout.state is RolloutState.HELD:
            raise AirflowSkipException(f"held: {rollout.reason_message}")
        if rollout.state is not RolloutState.COMPLETED:
            # A stop begins with Azure's own code; a cancelled rollout has none, so its state comes first, once.
            says_enough = rollout.state is RolloutState.FAULTED or rollout.reason_code == rollout.state
            state = "" if says_enough else f"{rollout.state}: "
            raise AirflowFailException(f"{state}{rollout.reason_code}: {rollout.reason_message}")
        return body
