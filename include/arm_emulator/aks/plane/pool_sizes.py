"""What a PUT of a pool does to its nodes: there are as many as it says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arm_emulator.aks.loading import add_node
from arm_emulator.aks.operations import begin_operation

if TYPE_CHECKING:
    from arm_emulator.aks.agent_pool import AgentPool
    from arm_emulator.aks.cluster import ManagedCluster
    from arm_emulator.operations.operation import Operation
    from arm_emulator.wire.call import ArmCall
    from arm_emulator.world.world import World


def begin_change(
    world: World, call: ArmCall, cluster: ManagedCluster, pool: AgentPool, count: int
) -> Operation:
    """Begin what a PUT asks of the nodes.

    :param count: how many nodes there are to be.
    """
    if call.disruption.applies_to_resource:
        _scale(world, cluster, pool, count)
    return begin_operation(world, cluster, pool, api_version=call.api_version, disruption=call.disruption)


def _scale(world: World, cluster: ManagedCluster, pool: AgentPool, count: int) -> None:
    for node in pool.regular_nodes[count:]:
        del pool.nodes[node.name]
    while len(pool.regular_nodes) < count:
        add_node(world, cluster, pool, pool.next_number, undrainable=[])
        pool.next_number += 1
