"""Who hears an announcement in Airflow: the DAGs that listen to the assets, as far as they can hear."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow.sdk.exceptions import AirflowRuntimeError

from fleetwright.airflow.assets import GALLERY_DAG, GALLERY_IMAGE, OS_IMAGE, partition_key
from fleetwright.domain.errors import ConfigurationError
from fleetwright.domain.publications import Publication

if TYPE_CHECKING:
    from airflow.sdk import Context


class AirflowAudience:
    """An ``Audience``: an asset event that a paused DAG does not hear is lost for ever.

    :param context: of a task whose inlets are both assets
    :param first_phase: label of the phase that listens to platform images
    """

    def __init__(self, context: Context, first_phase: str) -> None:
        self._ti = context["ti"]
        self._inlets = context["inlet_events"]
        self._first_phase = first_phase
        self._deaf: dict[str, str] = {}

    def obstacle(self, publication: Publication) -> str:
        """Why an announcement would be lost now, and what a person does."""
        try:
            partition_key(publication)
        except ConfigurationError as error:
            return str(error)
        dag_id = GALLERY_DAG if publication.region else self._first_phase
        if dag_id not in self._deaf:
            self._deaf[dag_id] = self._why_deaf(dag_id)
        return self._deaf[dag_id]

    def has_heard(self, publication: Publication) -> bool:
        """Whether Airflow has an asset event with the publication's key."""
        asset = GALLERY_IMAGE if publication.region else OS_IMAGE
        return len(self._inlets[asset].partition_key(publication.key).limit(1)) > 0

    def _why_deaf(self, dag_id: str) -> str:
        try:
            found = self._ti.get_dag(dag_id)
        except AirflowRuntimeError as error:
            return f"DAG {dag_id} cannot be found ({error}): it is announced once Airflow has read the DAG's file"
        return f"{dag_id} is paused: unpause it" if found.is_paused else ""
