"""A person's yes before a phase: Airflow's own approval, with the evidence of the phase before it."""

from __future__ import annotations

import logging
from collections.abc import Collection
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airflow.providers.standard.operators.hitl import ApprovalOperator

from fleetwright.airflow.connections import AZURE_CONNECTION
from fleetwright.airflow.operators.phase_step import Place, place_of, tell
from fleetwright.airflow.operators.step import airflow_errors
from fleetwright.airflow.phase_words import story
from fleetwright.domain.phase_runs import PhaseRun, PhaseState
from fleetwright.phases.approving import evidence_before, record_answer

if TYPE_CHECKING:
    from airflow.sdk import Context

log = logging.getLogger(__name__)


class ApprovePhaseOperator(ApprovalOperator):
    """Asks a person before the phase begins; no answer by the deadline means no.

    Who answered and when is in the ledger before anything follows from it; an answer that is there is not asked
    for again.

    :param phase: the phase's label
    """

    template_fields: Collection[str] = (*ApprovalOperator.template_fields, "azure_conn_id")

    def __init__(self, *, phase: str, azure_conn_id: str = AZURE_CONNECTION, **kwargs: Any) -> None:
        super().__init__(subject=f"Start {phase}?", defaults=self.REJECT, **kwargs)
        self.phase = phase
        self.azure_conn_id = azure_conn_id

    def execute(self, context: Context) -> Any:
        """Ask, where the phase waits for nothing else; what a person reads is made here and now."""
        with airflow_errors():
            place = place_of(context, self.phase, self.azure_conn_id)
            run = place.run()
            if run.state is not PhaseState.WAITING or run.approval is not None:
                log.info("nobody is asked: %s", story(run))
                return None
            self._word(context, place, run)
        log.info("%s\n%s", self.subject, self.body)
        return super().execute(context)

    def _word(self, context: Context, place: Place, run: PhaseRun) -> None:
        evidence = evidence_before(place.ports, place.plan, place.phase, place.publication, markdown=True)
        until = place.ports.clock.now() + (self.response_timeout or timedelta(0))
        asked = f"no answer by {until:%Y-%m-%d %H:%M} UTC means no"
        self.subject = f"Start {self.phase} with {place.publication}?"
        self.body = (
            f"{evidence}\n\n{place.phase.label} rolls out in {', '.join(place.phase.regions)}; {asked}."
        )
        tell(context, run, f"answer under Required Actions: {asked}")

    def execute_complete(self, context: Context, event: dict[str, Any]) -> Any:
        """Write the answer down, then go on, or skip what would have begun."""
        if "error" not in event:
            with airflow_errors():
                self._record(context, event)
        return super().execute_complete(context, event)

    def _record(self, context: Context, event: dict[str, Any]) -> None:
        place = place_of(context, self.phase, self.azure_conn_id)
        user = event.get("responded_by_user") or {}
        approved = None if event.get("timedout") else self.APPROVE in event["chosen_options"]
        actor = str(user.get("name") or user.get("id") or "")
        tell(context, record_answer(place.ports, place.key, approved, actor, event["responded_at"]))
