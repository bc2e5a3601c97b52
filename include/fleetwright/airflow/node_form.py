"""The trigger form of a rollout of node images: which cluster, who asks, and how it is timed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from airflow.sdk import Param

from fleetwright.airflow.form import azure_connection
from fleetwright.domain.node_pools.manners import Manners
from fleetwright.rollout.request import MAX_POLL_SECONDS

POLL, SOAK, NOT_BEFORE = "poll_seconds", "soak_seconds", "not_before"
MAX_SOAK_SECONDS = 24 * 3600

_FLEET = (
    r"^/[sS]ubscriptions/[0-9a-fA-F-]{36}/[rR]esource[gG]roups/[^/]+/[pP]roviders"
    r"/[mM]icrosoft\.[cC]ontainer[sS]ervice/[mM]anaged[cC]lusters/[A-Za-z0-9][A-Za-z0-9_-]{0,62}"
    r"(/[aA]gent[pP]ools/[a-z][a-z0-9]{0,11})?$"
)
# Empty for at once; otherwise an instant with its zone.
_INSTANT = r"^(\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d))?$"


def node_params(manners: Manners) -> dict[str, Param]:
    """The parameters of one rollout, in the order of the form.

    :param manners: the site's: defaults of the form
    """
    return {**_subject(), **_timing(manners), "azure_conn_id": azure_connection()}


def timing_of(params: Mapping[str, Any]) -> dict[str, float]:
    """How a run is timed, seconds by the names of ``Manners``, as far as the form asks."""
    fields = {"poll": POLL, "soak": SOAK}
    return {field: float(params[name]) for field, name in fields.items() if name in params}


def _subject() -> dict[str, Param]:
    """What is upgraded, and on whose behalf."""
    return {
        "fleet": Param(
            "",
            type="string",
            pattern=_FLEET,
            title="AKS cluster or node pool",
            description="Resource id: /subscriptions/…/providers/Microsoft.ContainerService/managedClusters/…,"
            " with /agentPools/… for that pool alone.",
        ),
        "dry_run": Param(
            False,  # noqa: FBT003 - a default, not a flag of a call
            type="boolean",
            title="Dry run",
            description="Show the plan with its arithmetic and stop; nothing is changed.",
        ),
        "trigger": Param(
            "manual",
            type="string",
            enum=["manual", "automatic"],
            title="Trigger",
            description="automatic keeps to the channel, and to the Sunday window where the cluster has none.",
        ),
    }


def _timing(manners: Manners) -> dict[str, Param]:
    """When and how fast."""
    return {
        NOT_BEFORE: Param(
            "",
            type="string",
            pattern=_INSTANT,
            title="Not before",
            description="Filled in by the schedule that spreads starts inside a window; empty for at once.",
        ),
        POLL: Param(
            manners.poll.total_seconds(),
            type="number",
            exclusiveMinimum=0,
            maximum=MAX_POLL_SECONDS,
            title="Seconds between polls",
            description="How often Azure's operation is looked at while a pool is upgraded.",
        ),
        SOAK: Param(
            manners.soak.total_seconds(),
            type="number",
            minimum=0,
            maximum=MAX_SOAK_SECONDS,
            title="Soak (seconds)",
            description="How long the nodes of a pool are watched on their new image before the next pool begins.",
        ),
    }
