"""Whether a change of a cluster may begin now: nothing else is in progress, and the cluster runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arm_emulator.aks.agent_pool import SETTLED
from arm_emulator.aks.course.beginning import refuse_busy
from arm_emulator.aks.plane.pool_view import is_stopped
from arm_emulator.arm_errors import OperationNotAllowedError

if TYPE_CHECKING:
    from arm_emulator.aks.cluster import ManagedCluster


def require_idle(cluster: ManagedCluster) -> None:
    """Refuse a change of a cluster while an operation is in progress on it or on one of its pools.

    :raises OperationNotAllowedError: there is one.
    """
    require_idle_cluster(cluster)
    for pool in cluster.pools.values():
        refuse_busy(cluster, pool)


def require_running(cluster: ManagedCluster) -> None:
    """Refuse what needs nodes that run.

    :raises OperationNotAllowedError: the cluster is stopped.
    """
    if is_stopped(cluster):
        raise OperationNotAllowedError(
            f"Operation is not allowed because managed cluster '{cluster.id.name}' is stopped: its powerState is Stopped. "
            "Start it first (POST …/start).",
            target=cluster.id.text,
        )


def require_idle_cluster(cluster: ManagedCluster) -> None:
    """Refuse a change while an operation is in progress on the cluster itself.

    :raises OperationNotAllowedError: there is one.
    """
    if cluster.provisioning_state not in SETTLED:
        raise OperationNotAllowedError(
            f"Operation is not allowed because there's an in progress operation on managed cluster '{cluster.id.name}': its "
            f"provisioningState is {cluster.provisioning_state}.",
            target=cluster.id.text,
        )
