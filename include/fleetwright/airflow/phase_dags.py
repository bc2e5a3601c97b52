"""The DAGs of the phases, made from the phases file: one for each, chained by the assets that they emit (R45, R51).

A broken or missing file is an import error with the file's own problems: no phase runs by a plan that cannot be.
"""

from __future__ import annotations

import os
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airflow.sdk import DAG, PartitionedAssetTimetable

from fleetwright.airflow.assets import GALLERY_DAG, GALLERY_IMAGE, OS_IMAGE, phase_asset
from fleetwright.airflow.operators.emitting import EmitAssetOperator
from fleetwright.airflow.operators.fleet_rollouts import RollOutFleetOperator
from fleetwright.airflow.operators.phases import (
    BakeOperator,
    BeginPhaseOperator,
    ConcludeOperator,
    JudgePhaseOperator,
    OpenPhaseOperator,
)
from fleetwright.airflow.phase_form import phase_params
from fleetwright.phases.plan.files import load_phases, phases_file

if TYPE_CHECKING:
    from airflow.sdk import Asset

    from fleetwright.domain.phases import Approval, Phase, PhasePlan

# Versions of several images, and versions that overtake each other, are on the way at once.
MAX_RUNS = 64
CONNECTION = "{{ params.azure_conn_id }}"
FLEET_NAME = "{{ task.fleet.rpartition('/')[2] }}"
GALLERY_CONCURRENCY = 10


def phase_dags() -> dict[str, DAG]:
    """A DAG for each phase of the phases file, by id; the asset graph shows image, phase 0, phase 1, and so on.

    :raises ConfigFileError: when the file cannot be used, with every problem
    """
    plan = load_phases(phases_file(os.environ))
    return {phase.label: _phase_dag(plan, phase) for phase in plan.phases}


def gallery_dag() -> DAG:
    """The DAG of galleries' versions: region by region as they are replicated, and no phases (R50)."""
    made = _dag(GALLERY_DAG, GALLERY_IMAGE, ["fleetwright", "gallery"], regional=True)
    made.doc_md = (
        "Rolls a gallery's version out in the region that it has been replicated to; it skips the phases."
    )
    with made:
        _steps("", GALLERY_CONCURRENCY)
    return made


def _phase_dag(plan: PhasePlan, phase: Phase) -> DAG:
    before = plan.phases[phase.index - 1] if phase.index else None
    made = _dag(phase.label, phase_asset(before) if before else OS_IMAGE, ["fleetwright", "phase"])
    made.doc_md = _words(phase, before)
    after = next((other for other in plan.phases if other.index == phase.index + 1), None)
    with made:
        concluded = _steps(phase.label, phase.concurrency, phase)
        emit = EmitAssetOperator(
            task_id="emit",
            phase=phase.label,
            listener=after.label if after else "",
            asset=phase_asset(phase),
            azure_conn_id=CONNECTION,
        )
        concluded >> emit
    return made


def _dag(dag_id: str, source: Asset, tags: list[str], *, regional: bool = False) -> DAG:
    return DAG(
        dag_id,
        schedule=PartitionedAssetTimetable(assets=source),
        catchup=False,
        max_active_runs=MAX_RUNS,
        params=phase_params(regional=regional),
        default_args={"retries": 3, "retry_delay": timedelta(seconds=5)},
        tags=tags,
    )


def _steps(label: str, concurrency: int, phase: Phase | None = None) -> ConcludeOperator:
    """Open, ask, roll out, judge, bake, conclude; the rollouts are as many at once as the phase allows."""
    step: dict[str, Any] = {"phase": label, "azure_conn_id": CONNECTION}
    begun = opened = OpenPhaseOperator(task_id="open_phase", **step)
    if phase is not None and phase.approval is not None:
        begun = _ask_first(opened, phase.approval, step)
    rollouts = RollOutFleetOperator.partial(
        task_id="roll_out",
        max_active_tis_per_dagrun=concurrency,
        map_index_template=FLEET_NAME,
        **step,
    ).expand(fleet=begun.output)
    # A join over all of them, whatever they came to: an empty phase and a stopped fleet are judged like the others.
    judged = JudgePhaseOperator(task_id="judge", trigger_rule="all_done", **step)
    concluded = ConcludeOperator(task_id="conclude", **step)
    rollouts >> judged >> BakeOperator(task_id="bake", **step) >> concluded
    return concluded


def _ask_first(opened: OpenPhaseOperator, approval: Approval, step: dict[str, Any]) -> BeginPhaseOperator:
    """A person's yes, and then another look at the fleets."""
    # Imported here: only a plan that asks somebody pays for it.
    from fleetwright.airflow.operators.approval import ApprovePhaseOperator  # noqa: PLC0415

    approve = ApprovePhaseOperator(task_id="approve", response_timeout=approval.deadline, **step)
    begun = BeginPhaseOperator(task_id="begin", **step)
    opened >> approve >> begun
    return begun


def _words(phase: Phase, before: Phase | None) -> str:
    regions = ", ".join(phase.regions)
    after = f"after {before.label} has succeeded" if before else "as soon as a version is found"
    gate = ", once a person has approved" if phase.approval else ""
    return (
        f"**{phase.label}**: rolls a version out in {regions}, {after}{gate}; {phase.concurrency} fleets at once,"
        f" baked for {phase.bake}.\n\nRed means: the version did harm or something could not be done; the failed"
        " task's log says which fleets and why. It goes no further."
    )
