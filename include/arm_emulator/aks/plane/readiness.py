"""Whether a change may begin now: nothing else is in progress, and the cluster runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arm_emulator.aks.plane.pool_view import is_stopped
from arm_emulator.arm_errors import OperationNotAllowedError

if TYPE_CHECKING:
    from arm_emulator.aks.agent_pool import AgentPool
    from arm_emulator.aks.cluster import ManagedCluster

_AT_REST = frozenset({"succeeded", "failed", "canceled"})


def is_busy(state: str) -> bool:
    """Whether a ``provisioningState`` says that an operation is in progress."""
    return state.lower() not in _AT_REST


def require_idle_pool(cluster: ManagedCluster, pool: AgentPool) -> None:
    """Refuse a change of a pool on which, or on whose cluster, an operation is in progress.

    :raises OperationNotAllowedError: there is one.
    """
    require_idle_cluster(cluster)
    if is_busy(pool.provisioning_state):
        raise OperationNotAllowedError(
            f"Operation is not allowed because there's an in progress operation on agent pool '{pool.name}' of managed "
            f"cluster '{cluster.id.name}': its provisioningState is {pool.provisioning_state}. Wait for it, or abort it "
            "(POST …/abort).",
            target=cluster.id.pool_id(pool.name),
        )


def require_idle(cluster: ManagedCluster) -> None:
    """Refuse a change of a cluster while an operation is in progress on it or on one of its pools.

    :raises OperationNotAllowedError: there is one.
    """
    require_idle_cluster(cluster)
    for pool in cluster.pools.values():
        require_idle_pool(cluster, pool)


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
    if is_busy(cluster.provisioning_state):
        raise OperationNotAllowedError(
            f"Operation is not allowed because there's an in progress operation on managed cluster '{cluster.id.name}': its "
            f"provisioningState is {cluster.provisioning_state}.",
            target=cluster.id.text,
        )
