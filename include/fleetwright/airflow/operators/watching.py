"""The steps of the image watch: look, announce, choose the late fleets."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow.sdk import Asset, BaseOperator
from airflow.sdk.exceptions import AirflowSkipException

from fleetwright.airflow.assets import GALLERY_IMAGE, OS_IMAGE, partition_key
from fleetwright.airflow.audience import AirflowAudience
from fleetwright.airflow.connections import AZURE_CONNECTION
from fleetwright.airflow.fleet_dags import rollout_dag_of
from fleetwright.airflow.operators.step import airflow_errors
from fleetwright.domain.publications import parse_publication
from fleetwright.domain.records import TriggerKind

if TYPE_CHECKING:
    from airflow.sdk import Context

    from fleetwright.phases.watch.watching import Look

log = logging.getLogger(__name__)


class LookOperator(BaseOperator):
    """Reads fleets and catalogues, writes first sights, and says for each image what follows and why."""

    template_fields: Sequence[str] = ("azure_conn_id",)

    def __init__(self, *, azure_conn_id: str = AZURE_CONNECTION, **kwargs: Any) -> None:
        super().__init__(inlets=[OS_IMAGE, GALLERY_IMAGE], **kwargs)
        self.azure_conn_id = azure_conn_id

    def execute(self, context: Context) -> dict[str, Any]:
        """Return the whole finding, with its reasons."""
        from fleetwright.airflow.watch_wiring import (  # noqa: PLC0415 - heavy; parsing a DAG needs none of it
            build_watch_ports,
            read_settings,
        )
        from fleetwright.phases.watch.watching import look  # noqa: PLC0415 - as above

        with airflow_errors():
            plan, times = read_settings()
            ports = build_watch_ports(self.azure_conn_id)
            try:
                found = look(ports, plan, times, AirflowAudience(context, plan.phases[0].label))
            finally:
                ports.close()
            _tell(found)
            return found.to_dict()


class AnnounceOperator(BaseOperator):
    """Hands new versions to whoever listens to an asset: one event for each, under the version's own key.

    Airflow writes the events when the task succeeds; what a crash lost between the ledger and Airflow is
    announced again by the next look, and what has arrived is never repeated.

    :param asset: the one that is announced to; a task without a key would emit a keyless event to every other one
    :param looked: output of ``look``
    """

    template_fields: Sequence[str] = ("azure_conn_id", "looked")

    def __init__(
        self, *, asset: Asset, looked: Any, azure_conn_id: str = AZURE_CONNECTION, **kwargs: Any
    ) -> None:
        super().__init__(inlets=[OS_IMAGE, GALLERY_IMAGE], outlets=[asset], **kwargs)
        self.asset = asset
        self.looked = looked
        self.azure_conn_id = azure_conn_id

    def execute(self, context: Context) -> list[str]:
        """Return the keys that are announced; skipped where there are none."""
        from fleetwright.airflow.watch_wiring import (  # noqa: PLC0415 - heavy; parsing a DAG needs none of it
            build_watch_ports,
            read_settings,
        )
        from fleetwright.phases.watch.watching import announce  # noqa: PLC0415 - as above

        found = [parse_publication(key) for key in self.looked["announce"]]
        ours = [publication for publication in found if bool(publication.region) is self._is_regional]
        if not ours:
            raise AirflowSkipException("nothing is announced: the log of the look says why")
        with airflow_errors():
            plan, _times = read_settings()
            ports = build_watch_ports(self.azure_conn_id)
            try:
                made = announce(ports, AirflowAudience(context, plan.phases[0].label), ours)
            finally:
                ports.close()
            keys = [partition_key(publication) for publication in made]
        if not keys:
            raise AirflowSkipException("nothing is announced: see the lines above")
        context["outlet_events"][self.asset].add_partitions(keys)
        for publication in made:
            log.info(
                "announced: %s, as partition %s of asset %s", publication, publication.key, self.asset.name
            )
        return keys

    @property
    def _is_regional(self) -> bool:
        return self.asset.name == GALLERY_IMAGE.name


class ChooseLateOperator(BaseOperator):
    """Makes a run of its kind's DAG out of each late fleet that the look has found.

    :param looked: output of ``look``
    """

    template_fields: Sequence[str] = ("azure_conn_id", "looked")

    def __init__(self, *, looked: Any, azure_conn_id: str = AZURE_CONNECTION, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.looked = looked
        self.azure_conn_id = azure_conn_id

    def execute(self, context: Context) -> list[dict[str, Any]]:
        """Return the arguments of the runs; a cleared task asks for the same runs, and begins none twice."""
        starts = self.looked["start"]
        for dag_id, waiting in Counter(rollout_dag_of(start["fleet"]) for start in starts).items():
            if context["ti"].get_dag(dag_id).is_paused:
                log.error("%d rollouts wait in %s, which is paused: unpause it", waiting, dag_id)
        for start in starts:
            log.info("%s is started as run %s: %s", start["fleet"], start["attempt"], start["reason"])
        return [self._run_of(start) for start in starts]

    def _run_of(self, start: dict[str, str]) -> dict[str, Any]:
        conf = {name: start[name] for name in ("fleet", "version", "phase")}
        return {
            "trigger_dag_id": rollout_dag_of(start["fleet"]),
            "trigger_run_id": start["attempt"],
            "conf": {**conf, "trigger": str(TriggerKind.AUTOMATIC), "azure_conn_id": self.azure_conn_id},
        }


def _tell(found: Look) -> None:
    """Every image and every late fleet, in words; loud where a person has to act."""
    for finding in found.findings:
        log.log(logging.ERROR if finding.is_blocked else logging.INFO, "%s", finding)
    for line in found.further_lines():
        log.info("%s", line)
