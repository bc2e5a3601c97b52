"""A pool gets more nodes, or loses some: by its count, or by their names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arm_emulator.aks.agent_pool import Scaling
from arm_emulator.aks.course.beginning import refuse_busy, resume_upgrade
from arm_emulator.aks.course.drains import begin_drain
from arm_emulator.aks.course.ending import note_image
from arm_emulator.aks.course.new_nodes import create_node
from arm_emulator.aks.course.standing_in import surplus_surge, take_places
from arm_emulator.aks.node import NodeStep
from arm_emulator.aks.operations import begin_operation, note_ended
from arm_emulator.arm_errors import InvalidParameterError
from arm_emulator.compute.disruption import UNDISTURBED

if TYPE_CHECKING:
    from collections.abc import Sequence

    from arm_emulator.aks.agent_pool import AgentPool
    from arm_emulator.aks.cluster import ManagedCluster
    from arm_emulator.aks.node import Node
    from arm_emulator.compute.disruption import Disruption
    from arm_emulator.operations.operation import Operation
    from arm_emulator.world.world import World

SCALING = "scaling"
"""What the operation of a scaling waits for."""


def begin_scaling(
    world: World,
    cluster: ManagedCluster,
    pool: AgentPool,
    count: int,
    *,
    disruption: Disruption = UNDISTURBED,
    api_version: str = "",
    state: str = "Scaling",
) -> Operation:
    """Bring a pool to so many nodes: new ones come unpatched, and those with the highest numbers are drained and go.

    :param state: the pool's ``provisioningState`` meanwhile.
    :raises OperationNotAllowedError: an operation on the pool or its cluster is in progress.
    """
    refuse_busy(cluster, pool)
    stay = [node for node in pool.regular_nodes if not node.is_leaving]
    operation = _begin(world, cluster, pool, disruption=disruption, api_version=api_version, state=state)
    if operation.failures or operation.stuck:
        return _hinder(world, pool, operation)
    scaling = pool.scaling = Scaling(operation.id)
    for _ in range(count - len(stay)):
        scaling.coming.append(create_node(world, cluster, pool).name)
    leaving = stay[count:]
    _let_go(world, cluster, pool, [*leaving, *surplus_surge(pool, leaving)])
    note_scaled(world, cluster, pool)
    return operation


def delete_machines(
    world: World,
    cluster: ManagedCluster,
    pool: AgentPool,
    names: Sequence[str],
    *,
    disruption: Disruption = UNDISTURBED,
) -> Operation:
    """Drain and delete nodes by their names; the pool has so many fewer.

    :raises InvalidParameterError: the pool has no such node.
    :raises OperationNotAllowedError: an operation on the pool or its cluster is in progress.
    """
    unknown = [name for name in names if name not in pool.nodes]
    if unknown or not names:
        raise InvalidParameterError(
            f"Agent pool '{pool.name}' has no machine {unknown[0]!r}."
            if unknown
            else "machineNames is empty.",
            target="machineNames",
        )
    refuse_busy(cluster, pool)
    operation = _begin(world, cluster, pool, disruption=disruption, state="Scaling", gives_resource=False)
    if operation.failures or operation.stuck:
        return _hinder(world, pool, operation)
    pool.scaling = Scaling(operation.id)
    chosen = [pool.nodes[name] for name in dict.fromkeys(names)]
    take_places(world, cluster, pool, chosen)
    _let_go(world, cluster, pool, chosen)
    note_scaled(world, cluster, pool)
    return operation


def note_scaled(world: World, cluster: ManagedCluster, pool: AgentPool) -> None:
    """End a scaling whose nodes are all there, or gone; a course that a failure stopped then goes on."""
    scaling = pool.scaling
    if scaling is None:
        return
    scaling.coming = [name for name in scaling.coming if _is_created(pool, name)]
    scaling.leaving = [name for name in scaling.leaving if name in pool.nodes]
    if scaling.coming or scaling.leaving:
        return
    pool.scaling, pool.provisioning_state = None, "Succeeded"
    operation = world.operations[scaling.operation]
    operation.settle(SCALING, world.now)
    note_ended(world, operation)
    note_image(world, pool)
    resume_upgrade(world, cluster, pool)


def _is_created(pool: AgentPool, name: str) -> bool:
    node = pool.nodes.get(name)
    return node is not None and node.step is NodeStep.CREATING


def _begin(
    world: World,
    cluster: ManagedCluster,
    pool: AgentPool,
    *,
    disruption: Disruption,
    state: str,
    api_version: str = "",
    gives_resource: bool = True,
) -> Operation:
    pool.provisioning_state = state
    return begin_operation(
        world,
        cluster,
        pool,
        waits_for=(SCALING,),
        api_version=api_version,
        disruption=disruption,
        gives_resource=gives_resource,
    )


def _hinder(world: World, pool: AgentPool, operation: Operation) -> Operation:
    """A fault lets it fail at once, or hang for good; no node is touched."""
    if operation.failures:
        pool.provisioning_state = "Failed"
        operation.settle(SCALING, world.now)
    return operation


def _let_go(world: World, cluster: ManagedCluster, pool: AgentPool, nodes: Sequence[Node]) -> None:
    for node in nodes:
        if pool.scaling is not None:
            pool.scaling.leaving.append(node.name)
        begin_drain(world, cluster, pool, node, to_delete=True)
