"""Who hears an announcement in Airflow."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from airflow.sdk.exceptions import AirflowRuntimeError, ErrorType
from airflow.sdk.execution_time.comms import ErrorResponse

from fleetwright.airflow.audience import AirflowAudience
from fleetwright.domain.publications import Publication

PLATFORM, REGIONAL = Publication("a:b:c", "1.0.1"), Publication("/g", "1.0.1", "westeurope")


def audience(paused: dict[str, bool]) -> AirflowAudience:
    """Airflow knows these DAGs and no others."""

    def get_dag(dag_id: str) -> SimpleNamespace:
        if dag_id not in paused:
            raise AirflowRuntimeError(ErrorResponse(error=ErrorType.GENERIC_ERROR, detail={"dag": dag_id}))
        return SimpleNamespace(is_paused=paused[dag_id])

    context: Any = {"ti": SimpleNamespace(get_dag=get_dag), "inlet_events": {}}
    return AirflowAudience(context, "phase_0_canary")


def test_platform_images_are_heard_by_phase_0_and_galleries_by_their_own_dag() -> None:
    """Either may be paused without the other: only its own announcements wait (R45, R50)."""
    found = audience({"phase_0_canary": False, "gallery_rollout": True})
    assert found.obstacle(PLATFORM) == ""
    assert found.obstacle(REGIONAL) == "gallery_rollout is paused: unpause it"


def test_a_dag_that_airflow_does_not_know_hears_nothing() -> None:
    """A DAG whose file was not read yet would miss the event: it is waited for, and said so (R1)."""
    assert "DAG phase_0_canary cannot be found" in audience({}).obstacle(PLATFORM)
