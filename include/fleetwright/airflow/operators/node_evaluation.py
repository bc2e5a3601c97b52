"""The steps of a schedule of node images: look at every cluster of the channel, then start what it came to."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator
from airflow.sdk.exceptions import AirflowSkipException

from fleetwright.airflow.connections import AZURE_CONNECTION
from fleetwright.airflow.node_words import NODE_ROLLOUT_DAG, evaluations_note
from fleetwright.airflow.operators.fleet_rollouts import start_dag_run
from fleetwright.airflow.operators.step import airflow_errors, owner_of
from fleetwright.domain.errors import ConfigurationError
from fleetwright.domain.maintenance import MaintenanceWindow
from fleetwright.domain.node_pools.channels import NodeOsChannel
from fleetwright.domain.node_pools.clusters import Cluster
from fleetwright.domain.node_pools.evaluations import Evaluation, Outcome
from fleetwright.domain.records import TriggerKind
from fleetwright.node_images.evaluating import evaluate_channel
from fleetwright.node_images.known_windows import windows_file, write_windows
from fleetwright.node_images.settings import load_node_image_settings, node_images_file

if TYPE_CHECKING:
    from airflow.sdk import Context

log = logging.getLogger(__name__)

_NOT_IN_AN_ID = re.compile(r"[^A-Za-z0-9_.~-]+")


class EvaluateChannelOperator(BaseOperator):
    """Looks at every cluster of a channel's schedule, and writes down when windows open for the schedules to know.

    Each cluster ends in *started*, *nothing to do* or *held*, in the log, in the run's note and in the ledger.

    :param channel: a ``NodeOsChannel``
    """

    template_fields: Sequence[str] = ("azure_conn_id",)

    def __init__(self, *, channel: str, azure_conn_id: str = AZURE_CONNECTION, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.channel = channel
        self.azure_conn_id = azure_conn_id

    def execute(self, context: Context) -> list[dict[str, Any]]:
        """Return every evaluation, each with the opening that it belongs to."""
        from fleetwright.airflow.wiring import build_node_ports  # noqa: PLC0415 - heavy; parsing needs none of it

        with airflow_errors():
            settings = load_node_image_settings(node_images_file(os.environ))
            ports = build_node_ports(self.azure_conn_id)
            try:
                clusters = ports.driver.list_clusters()
                _remember_windows(clusters)
                found = evaluate_channel(
                    ports,
                    NodeOsChannel(self.channel),
                    actor=owner_of(context),
                    manners=settings.manners,
                    default_window=settings.window,
                    clusters=clusters,
                )
            finally:
                ports.close()
        note = evaluations_note(found)
        log.info("%s", note.partition("\n")[0])
        context["ti"].update_dagrun_note(note)
        opened = _openings(found, clusters, settings.window)
        return [{**one.to_dict(), "opening": opened[one.fleet_id]} for one in found]


class StartNodeRolloutsOperator(BaseOperator):
    """Starts one run of ``node_pool_rollout`` for each cluster that the evaluation came to start.

    The run's id follows from the cluster and its window's opening: a task that is retried or cleared finds the run that
    it started, and starts no second one.

    :param evaluated: output of ``evaluate``
    """

    template_fields: Sequence[str] = ("azure_conn_id", "evaluated")

    def __init__(self, *, evaluated: Any, azure_conn_id: str = AZURE_CONNECTION, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.evaluated = evaluated
        self.azure_conn_id = azure_conn_id

    def execute(self, context: Context) -> list[str]:
        """Return the ids of the runs; skipped where nothing is started."""
        starts = [one for one in self.evaluated if one["outcome"] == Outcome.STARTED]
        if not starts:
            raise AirflowSkipException("no cluster is started: the run's note says why")
        if context["ti"].get_dag(NODE_ROLLOUT_DAG).is_paused:
            log.error("%d rollouts wait in %s, which is paused: unpause it", len(starts), NODE_ROLLOUT_DAG)
        dag_run = context["dag_run"]
        # Whoever starts an evaluation by hand means to start again what ended in the same window.
        by_hand = "" if dag_run.run_type == "scheduled" else dag_run.run_id
        return [self._start(one, by_hand) for one in starts]

    def _start(self, start: dict[str, Any], by_hand: str) -> str:
        run_id = rollout_run_id(start["fleet"], start["opening"], by_hand)
        conf = {
            "fleet": start["fleet"],
            "trigger": str(TriggerKind.AUTOMATIC),
            "not_before": start["not_before"],
            "azure_conn_id": self.azure_conn_id,
        }
        if start_dag_run(NODE_ROLLOUT_DAG, run_id, conf):
            when = f", not before {start['not_before']}" if start["not_before"] else ""
            log.info("%s is started as run %s%s", start["fleet"], run_id, when)
        else:
            log.info("%s: run %s of this window is there already", start["fleet"], run_id)
        return run_id


def rollout_run_id(fleet_id: str, opening: str, by_hand: str = "") -> str:
    """The id of a cluster's rollout run: readable, and the same whenever the same start is asked for.

    :param opening: when the window opened that it belongs to, ISO 8601
    :param by_hand: id of the evaluation's run where a person started that

    >>> rollout_run_id("/subscriptions/s/managedClusters/Shop", "2024-06-02T00:00:00+00:00")
    'Shop.2024-06-02T00-00.2577f2f4'
    """
    name = _NOT_IN_AN_ID.sub("-", fleet_id.rpartition("/")[2])
    digest = sha256(f"{fleet_id.lower()}|{opening}|{by_hand}".encode()).hexdigest()[:8]
    return f"{name}.{opening[:16].replace(':', '-')}.{digest}"


def _remember_windows(clusters: Iterable[Cluster]) -> None:
    path = windows_file(os.environ)
    try:
        write_windows(path, clusters)
    except ConfigurationError as error:
        # Whoever is due now is not made to wait for a disk.
        log.error("%s", error)  # noqa: TRY400 - its words say everything


def _openings(
    found: Iterable[Evaluation], clusters: Iterable[Cluster], default: MaintenanceWindow
) -> dict[str, str]:
    """When the window opened in which each cluster was looked at; the look itself where none is open."""
    windows = {cluster.key: cluster.window or default for cluster in clusters}
    told: dict[str, str] = {}
    for one in found:
        window = windows.get(one.fleet_id.lower(), default)
        period = window.period_at(one.at)
        told[one.fleet_id] = (period.opens if period else one.at).isoformat()
    return told
