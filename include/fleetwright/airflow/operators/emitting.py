"""The last step of a phase that succeeded: its asset event, with which Airflow starts the next phase."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from airflow.sdk.exceptions import AirflowFailException

from fleetwright.airflow.assets import partition_key
from fleetwright.airflow.operators.phase_step import PhaseStepOperator, tell
from fleetwright.airflow.phase_words import story, summary
from fleetwright.domain.phase_runs import PhaseState

if TYPE_CHECKING:
    from airflow.sdk import Asset, Context

log = logging.getLogger(__name__)


class EmitAssetOperator(PhaseStepOperator):
    """Emits the phase's asset under the publication's key, so that the next phase begins (R45).

    Airflow drops an event for good where its listener is paused at that moment: then nothing is emitted, and the
    run is red until a person has unpaused the next phase and cleared this task.

    :param listener: id of the next phase's DAG; empty after the last one
    :param asset: the phase's own
    """

    def __init__(self, *, listener: str, asset: Asset, **kwargs: Any) -> None:
        super().__init__(outlets=[asset], **kwargs)
        self.listener = listener
        self.asset = asset

    def step(self, context: Context) -> dict[str, Any]:
        """Return the phase run in numbers."""
        place = self.place(context)
        run = place.run()
        if run.state is not PhaseState.SUCCEEDED:
            raise AirflowFailException(f"{story(run)}: only a phase that succeeded emits its asset")
        if self.listener and context["ti"].get_dag(self.listener).is_paused:
            why = (
                f"{self.listener} is paused, and Airflow would drop the event for good:"
                f" unpause {self.listener}, then clear {self.task_id}"
            )
            tell(context, run, f"it goes no further: {why}")
            raise AirflowFailException(f"{run.phase} succeeded; {why}")
        context["outlet_events"][self.asset].add_partitions(partition_key(place.publication))
        tell(context, run)
        log.info("emitted %s for %s", self.asset.name, place.publication)
        return summary(run)
