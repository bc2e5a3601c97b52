"""What a PUT of a pool does to its nodes: there are as many as it says, and an upgrade that failed goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arm_emulator.aks.course.beginning import resume_upgrade
from arm_emulator.aks.course.scaling import begin_scaling
from arm_emulator.aks.operations import begin_operation

if TYPE_CHECKING:
    from arm_emulator.aks.agent_pool import AgentPool
    from arm_emulator.aks.cluster import ManagedCluster
    from arm_emulator.operations.operation import Operation
    from arm_emulator.wire.call import ArmCall
    from arm_emulator.world.world import World


def begin_change(
    world: World, call: ArmCall, cluster: ManagedCluster, pool: AgentPool, count: int, *, is_new: bool = False
) -> Operation:
    """Begin what a PUT asks of the nodes; where that is nothing, the operation has ended already.

    :param count: how many nodes there are to be.
    :param is_new: the pool is created with them.
    """
    disruption, version = call.disruption, call.api_version
    if is_new or count != pool.count:
        state = "Creating" if is_new else "Scaling"
        return begin_scaling(
            world, cluster, pool, count, disruption=disruption, api_version=version, state=state
        )
    resumed = resume_upgrade(world, cluster, pool, disruption=disruption, api_version=version)
    if resumed is not None:
        return resumed
    return begin_operation(world, cluster, pool, api_version=version, disruption=disruption)
