"""Watching the schedules of node images: their own runs, the rollouts that they start, and what the ledger says."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

from rich.console import Console

from fleetwright.domain.node_pools.evaluations import Evaluation, Outcome
from fleetwright.domain.node_pools.rollouts import NodeRollout, PoolState
from fleetwright.ledger.store import SqlLedger
from fleetwright_demo.airflow_api import AirflowApi
from fleetwright_demo.errors import StageError
from fleetwright_demo.watching import RUN_ENDED

SCHEDULES = ("node_image_weekly", "node_security_patch")
ROLLOUT = "node_pool_rollout"
_POLL_SECONDS = 1.0
# They last for moments only, or say nothing yet.
_UNTOLD = frozenset({PoolState.WAITING, PoolState.INTENDED, PoolState.SENDING})

Runs = dict[str, list[dict[str, Any]]]


@dataclass(slots=True)
class AksWatch:
    """An Airflow, its ledger, and the clusters that are looked at."""

    api: AirflowApi
    ledger: SqlLedger
    cluster_ids: tuple[str, ...]
    told: set[str] = field(default_factory=set)

    def runs(self) -> Runs:
        """The runs of every DAG of node images."""
        return {dag_id: self.api.dag_runs(dag_id) for dag_id in (*SCHEDULES, ROLLOUT)}

    def evaluations(self, cluster_id: str) -> tuple[Evaluation, ...]:
        """How each look at a cluster ended, newest first."""
        return self.ledger.list_evaluations(cluster_id.lower())

    def rollouts(self, cluster_id: str) -> tuple[NodeRollout, ...]:
        """Every rollout of a cluster, newest first."""
        return self.ledger.list_node_rollouts(cluster_id.lower())


def watch_schedules(watch: AksWatch, console: Console, limit_seconds: float) -> Runs:
    """Wait until each schedule has run by itself, and every rollout that came of it is over.

    :raises StageError: when that takes too long
    """
    deadline = time.monotonic() + limit_seconds
    while not is_over(watch, runs := watch.runs()):
        _tell(watch, console)
        if time.monotonic() > deadline:
            states = {dag_id: [run["state"] for run in found] for dag_id, found in runs.items()}
            raise StageError(f"the schedules are not over within {limit_seconds:g} s: {states}")
        time.sleep(_POLL_SECONDS)
    _tell(watch, console)
    return runs


def is_over(watch: AksWatch, runs: Runs) -> bool:
    """Whether both schedules have run, and as many rollouts have ended as were started."""
    looked = all(_ended(runs[dag_id]) for dag_id in SCHEDULES)
    started = sum(
        evaluation.outcome is Outcome.STARTED
        for cluster_id in watch.cluster_ids
        for evaluation in watch.evaluations(cluster_id)
    )
    return looked and len(runs[ROLLOUT]) >= started and (not started or _ended(runs[ROLLOUT]))


def _ended(runs: list[dict[str, Any]]) -> bool:
    return bool(runs) and all(run["state"] in RUN_ENDED for run in runs)


def _tell(watch: AksWatch, console: Console) -> None:
    for line in (line for cluster_id in watch.cluster_ids for line in _lines(watch, cluster_id)):
        if line not in watch.told:
            watch.told.add(line)
            console.print(f"  {line}", highlight=False)


def _lines(watch: AksWatch, cluster_id: str) -> list[str]:
    name = cluster_id.rpartition("/")[2]
    looks = [str(evaluation) for evaluation in reversed(watch.evaluations(cluster_id))]
    pools = [
        f"{name}: pool {pool.name} {pool.state}"
        + (f" ({pool.reason})" if pool.is_ended and pool.reason else "")
        for rollout in watch.rollouts(cluster_id)
        for pool in rollout.pools
        if pool.state not in _UNTOLD
    ]
    return [*looks, *pools]
