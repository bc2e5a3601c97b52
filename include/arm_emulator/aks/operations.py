"""Operations of clusters and agent pools: their beginning, and the headers that promise them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arm_emulator.arm_errors import ErrorDetail
from arm_emulator.compute.disruption import UNDISTURBED
from arm_emulator.compute.instance import Fate
from arm_emulator.operations.operation import CONTAINER_SERVICE, Operation

if TYPE_CHECKING:
    from collections.abc import Iterable

    from arm_emulator.aks.agent_pool import AgentPool
    from arm_emulator.aks.cluster import ManagedCluster
    from arm_emulator.compute.disruption import Disruption
    from arm_emulator.world.world import World


def begin_operation(
    world: World,
    cluster: ManagedCluster,
    pool: AgentPool | None = None,
    *,
    waits_for: Iterable[str] = (),
    api_version: str = "",
    disruption: Disruption = UNDISTURBED,
    gives_resource: bool = True,
) -> Operation:
    """Register an operation that ends when nothing is waited for any more; without anything it has ended already.

    :param pool: what it changes; None for the cluster itself.
    :param waits_for: names of nodes, or whatever is settled later by :meth:`Operation.settle`.
    :param api_version: of the call, by which the resource is shown in the end.
    :param gives_resource: its ``Location`` gives the resource in the end; else 204.
    """
    path = cluster.id.text if pool is None else cluster.id.pool_id(pool.name)
    operation = Operation(
        id=world.new_guid("operation"),
        subscription=cluster.id.subscription,
        location=cluster.location,
        resource=path.lower(),
        started=world.now,
        pending=set(waits_for),
        stuck=disruption.fate is Fate.STUCK,
        result_path=path if gives_resource else None,
        provider=CONTAINER_SERVICE,
        api_version=api_version,
    )
    if not disruption.applies_to_resource and disruption.fate is Fate.FAIL:
        operation.failures.append(ErrorDetail(disruption.code, disruption.message))
    world.operations[operation.id] = operation
    operation.end_if_settled(world.now)
    return operation


def note_ended(world: World, operation: Operation) -> None:
    """Settle the operations of clusters that wait for one of a pool: the PUT that created the pool, or scaled it."""
    if operation.ended is None:
        return
    for waiting in world.operations.values():
        if operation.id in waiting.pending:
            waiting.settle(operation.id, world.now, operation.error)
