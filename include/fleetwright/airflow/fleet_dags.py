"""Which DAG rolls out which kind of fleet: every place that starts or refuses a rollout asks here.

Light: parsing a DAG loads little else of Fleetwright for it.
"""

from __future__ import annotations

from fleetwright.domain.errors import ConfigurationError
from fleetwright.domain.fleets import FleetId, FleetKind, parse_fleet_id

ROLLOUT_DAGS = {
    FleetKind.SCALE_SET: "scale_set_rollout",
    FleetKind.BATCH_POOL: "batch_pool_rollout",
}


def rollout_dag_of(fleet_id: str) -> str:
    """Id of the DAG for a fleet.

    :param fleet_id: ARM id, in whatever case
    :raises ConfigurationError: when it is no fleet's id

    >>> group = "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/shop/providers"
    >>> rollout_dag_of(f"{group}/Microsoft.Batch/batchAccounts/render/pools/frames")
    'batch_pool_rollout'
    """
    return ROLLOUT_DAGS[parse_fleet_id(fleet_id).kind]


def kind_of(dag_id: str) -> FleetKind:
    """The kind of fleet that a DAG rolls out.

    >>> str(kind_of("scale_set_rollout"))
    'scale_set'
    """
    return next(kind for kind, known in ROLLOUT_DAGS.items() if known == dag_id)


def require_kind(fleet_id: FleetId, kind: FleetKind) -> None:
    """Refuse a fleet that another DAG rolls out.

    :param kind: of the fleets that the asking DAG rolls out
    :raises ConfigurationError: naming the right DAG
    """
    if fleet_id.kind is not kind:
        raise ConfigurationError(
            f"{fleet_id.resource_id} is a {fleet_id.kind.words}, and {ROLLOUT_DAGS[kind]} rolls out"
            f" {kind.words}s: trigger {ROLLOUT_DAGS[fleet_id.kind]} for it"
        )
