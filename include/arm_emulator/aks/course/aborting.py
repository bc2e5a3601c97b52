"""Somebody calls off what is under way on a pool, or on all pools of a cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arm_emulator.aks.course.drains import uncordon
from arm_emulator.aks.course.ending import cancel
from arm_emulator.aks.node import NodeStep
from arm_emulator.aks.operations import begin_operation, note_ended

if TYPE_CHECKING:
    from collections.abc import Sequence

    from arm_emulator.aks.agent_pool import AgentPool
    from arm_emulator.aks.cluster import ManagedCluster
    from arm_emulator.operations.operation import Operation
    from arm_emulator.world.world import World


def abort(
    world: World, cluster: ManagedCluster, pools: Sequence[AgentPool], *, on: AgentPool | None
) -> Operation | None:
    """Stop the operations of pools: nodes whose disk is the old one take pods again, the others come up with the new one.

    :param on: the pool that the call names; None where it names the cluster
    :return: None where nothing was under way.
    """
    stopped = [pool for pool in pools if _abort_pool(world, cluster, pool)]
    if not stopped:
        return None
    return begin_operation(world, cluster, on, gives_resource=False)


def _abort_pool(world: World, cluster: ManagedCluster, pool: AgentPool) -> bool:
    return cancel(world, cluster, pool) or _cancel_scaling(world, cluster, pool)


def _cancel_scaling(world: World, cluster: ManagedCluster, pool: AgentPool) -> bool:
    """New nodes come up all the same; those that are still being drained stay."""
    scaling = pool.scaling
    if scaling is None:
        return False
    pool.scaling, pool.provisioning_state = None, "Canceled"
    operation = world.operations[scaling.operation]
    operation.cancel(world.now)
    note_ended(world, operation)
    for name in scaling.leaving:
        node = pool.nodes.get(name)
        if node is not None and node.step is NodeStep.DRAINING:
            uncordon(world, cluster, pool, node)
    return True
