"""What a person should know about a cluster's pools before their nodes are upgraded, and what stops nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from fleetwright.domain.node_pools.clusters import NodePool
from fleetwright.domain.node_pools.upgrades import is_stopped


def notes_on_pools(pools: Iterable[NodePool]) -> tuple[str, ...]:
    """A line for each thing, naming the pool."""
    return tuple(f"pool {pool.name}: {note}" for pool in pools for note in _notes(pool))


def _notes(pool: NodePool) -> Iterator[str]:
    if is_stopped(pool):
        yield (
            f"it is {pool.provisioning_state}: an earlier operation ended half way, which is no obstacle: "
            "the next one resumes it"
        )
    if pool.kind.lower() == "virtualmachines":
        yield "its nodes are single virtual machines: AKS upgrades them, their history may tell another pace"
    if pool.mode.lower() == "gateway":
        yield "it is a gateway: outbound connections through its nodes break while they are replaced"
