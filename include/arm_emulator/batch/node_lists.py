"""The nodes that a list shows: as they are, or as they were a while ago where the world says that lists lag."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arm_emulator.batch.node import Node
from arm_emulator.compute.change_log import list_lag
from arm_emulator.compute.listing import snapshots_as_of

if TYPE_CHECKING:
    from arm_emulator.batch.pool import BatchPool
    from arm_emulator.compute.instance import Instance
    from arm_emulator.world.world import World


def listed_nodes(world: World, pool: BatchPool) -> list[tuple[Node, Instance]]:
    """The nodes with their machines, in the order of their numbers."""
    lag = list_lag(world, pool.machines)
    if not lag:
        return [(node, pool.machines.instances[node.instance]) for node in pool.all_nodes()]
    past = snapshots_as_of(pool.machines, world.now - lag)
    shown = [(s.node or Node(s.instance_id), s.instance) for s in past if s.instance is not None]
    return sorted(shown, key=lambda pair: int(pair[0].instance))
