"""What every task of a phase shares: which phase and publication it is about, its ports, its words in the grid."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

from fleetwright.airflow.connections import AZURE_CONNECTION
from fleetwright.airflow.operators.step import airflow_errors, raise_wait_error
from fleetwright.airflow.phase_triggers import PhaseWaitTrigger, fingerprint
from fleetwright.airflow.phase_words import note, story
from fleetwright.domain.errors import ConfigurationError
from fleetwright.domain.phase_runs import STOPPED, PhaseRun, PhaseState, phase_run_key
from fleetwright.domain.phases import Phase, PhasePlan, regional_phase
from fleetwright.domain.publications import Publication, parse_publication
from fleetwright.domain.regions import Regions
from fleetwright.phases.finding import find_phase, find_run
from fleetwright.phases.plan.files import load_phases, phases_file

if TYPE_CHECKING:
    from airflow.sdk import Context

    from fleetwright.phases.ports import PhasePorts

log = logging.getLogger(__name__)

_WORDS = {
    False: "image|version, such as canonical:ubuntuserver:18.04-lts|18.04.202402010",
    True: "image|version|region, with the gallery image's id and the region it has been replicated to",
}


def publication_of(partition_key: str | None, params: Mapping[str, Any], *, regional: bool) -> Publication:
    """The publication that a run is about: its partition key, else what the person who started it wrote.

    :param regional: whether the run is for one region of a gallery's version (R50)
    :raises ConfigurationError: when it is about none, or about one that another DAG is for
    """
    given = partition_key or str(params.get("publication") or "")
    if not given:
        raise ConfigurationError(
            "the run has no partition key and no parameter 'publication':"
            f" start it again with {_WORDS[regional]}"
        )
    publication = parse_publication(given)
    if bool(publication.region) is not regional:
        raise ConfigurationError(f"publication {given!r} is not {_WORDS[regional]}")
    return publication


@dataclass(frozen=True, slots=True)
class Place:
    """Where a task stands: a publication in a phase, and the ports to go on from there.

    :param held: fingerprint of the holds when it was made, so before anything is decided
    """

    ports: PhasePorts
    plan: PhasePlan
    phase: Phase
    publication: Publication
    held: str

    @property
    def key(self) -> str:
        """The phase run's key in the ledger."""
        return phase_run_key(self.phase.label, self.publication)

    def run(self) -> PhaseRun:
        """The phase run as it is now.

        :raises LedgerError: when the phase has never been opened
        """
        return find_run(self.ports.ledger, self.key)


class PhaseStepOperator(BaseOperator):
    """A step of a phase; what was done already it finds in the ledger, so it may run again at any time.

    :param phase: the phase's label; empty where there are no phases (R50)
    """

    template_fields: Sequence[str] = ("azure_conn_id",)

    def __init__(self, *, phase: str, azure_conn_id: str = AZURE_CONNECTION, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.phase = phase
        self.azure_conn_id = azure_conn_id

    def execute(self, context: Context) -> Any:
        """Run the step; see ``step`` of the subclass."""
        with airflow_errors():
            return self.step(context)

    def resume(self, context: Context, event: Any) -> Any:
        """Run the step again after a wait: what it waited for is looked at anew."""
        if isinstance(event, dict):
            raise_wait_error(event)
        return self.execute(context)

    def step(self, context: Context) -> Any:
        """What the subclass does; returns what later tasks read."""
        raise TypeError(f"{type(self).__name__} has no step for {self.task_id} in {context['run_id']}")

    def place(self, context: Context) -> Place:
        """Where this run stands."""
        return place_of(context, self.phase, self.azure_conn_id)

    def wait_until(self, instant: datetime, place: Place) -> None:
        """Leave the worker until then, or until somebody holds or releases something; ``resume`` goes on."""
        trigger = PhaseWaitTrigger(until=instant.isoformat(), seen=place.held)
        self.defer(trigger=trigger, method_name="resume")


def place_of(context: Context, label: str, azure_conn_id: str) -> Place:
    """Where a run of a phase's DAG stands.

    :param label: the phase's; empty where there are no phases (R50)
    """
    from fleetwright.airflow.wiring import build_phase_ports  # noqa: PLC0415 - heavy; parsing needs none of it

    key, params = context["dag_run"].partition_key, context["params"]
    publication = publication_of(key, params, regional=not label)
    if label:
        plan = load_phases(phases_file(os.environ))
        phase = find_phase(plan, label)
    else:
        plan, phase = PhasePlan((), Regions()), regional_phase(publication.region)
    ports = build_phase_ports(azure_conn_id)
    return Place(ports, plan, phase, publication, fingerprint(ports.ledger))


def tell(context: Context, run: PhaseRun, *more: str) -> None:
    """Leave the run's story where the grid shows it: the note of the DAG run.

    :param more: lines that follow it
    """
    log.info("%s", "\n".join((story(run), *more)))
    context["ti"].update_dagrun_note(note(run, *more))


def end_here(run: PhaseRun) -> None:
    """End the task where the phase has ended without success: red where fleets stopped, else skipped.

    :raises AirflowFailException: when it failed, or was held because of fleets that a person has to look at
    :raises AirflowSkipException: when it was held, rejected or superseded
    """
    stopped = any(outcome.result in STOPPED for outcome in run.outcomes.values())
    if run.state is PhaseState.FAILED or (run.state is PhaseState.HELD and stopped):
        raise AirflowFailException(story(run))
    if run.is_ended and run.state is not PhaseState.SUCCEEDED:
        raise AirflowSkipException(story(run))
