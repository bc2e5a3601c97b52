"""Clusters, pools and what is read of them, with names and numbers that tests share."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any

from fleetwright.domain.maintenance import Daily, MaintenanceWindow
from fleetwright.domain.node_pools.channels import NodeOsChannel
from fleetwright.domain.node_pools.clusters import Cluster, Machine, NodeBudget, NodePool, NodeState
from fleetwright.domain.node_pools.ids import parse_target
from fleetwright.domain.node_pools.upgrade_settings import UpgradeSettings

GUID = "11111111-2222-3333-4444-555555555555"
CLUSTER_ID = (
    f"/subscriptions/{GUID}/resourceGroups/shop/providers/Microsoft.ContainerService/managedClusters/shop"
)
FAMILY = "AKSUbuntu-2204gen2containerd"
OLD, NEW = f"{FAMILY}-202402.12.0", f"{FAMILY}-202403.04.0"
PATCHED = f"{OLD}-2024.02.20"
NIGHTLY = MaintenanceWindow(Daily(1), duration=timedelta(hours=4), start_time=time(1))


def at(text: str) -> datetime:
    """An instant in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


SATURDAY_NOON = at("2026-03-07T12:00")
SUNDAY_MORNING = at("2026-03-08T01:00")


def a_pool(name: str = "np1", **changes: Any) -> NodePool:  # noqa: ANN401 - any field of it
    """A pool of four nodes, one image behind."""
    pool = NodePool(
        name,
        count=4,
        vm_size="Standard_D2s_v3",
        image=OLD,
        latest_image=NEW,
        kubernetes_version="1.29.2",
    )
    return replace(pool, **changes)


def a_cluster(*pools: NodePool, channel: NodeOsChannel = NodeOsChannel.NODE_IMAGE, **changes: Any) -> Cluster:  # noqa: ANN401 - any field of it
    """A cluster that may be upgraded, with one pool where none is given."""
    cluster = Cluster(
        parse_target(CLUSTER_ID).cluster,
        "westeurope",
        channel,
        kubernetes_version="1.29.2",
        node_resource_group="MC_shop",
        pools=pools or (a_pool(),),
        supported_versions=("1.28", "1.29", "1.30"),
    )
    return replace(cluster, **changes)


def surge(text: str, **changes: Any) -> UpgradeSettings:  # noqa: ANN401 - any field of it
    """Settings with a surge."""
    return replace(UpgradeSettings(max_surge=text), **changes)


def machines(pool: str = "np1", *images: str) -> tuple[Machine, ...]:
    """A machine for each image."""
    return tuple(
        Machine(f"aks-{pool}-{number}", image, kubernetes_version="1.29.2")
        for number, image in enumerate(images)
    )


def nodes(pool: str = "np1", count: int = 4, **changes: Any) -> tuple[NodeState, ...]:  # noqa: ANN401 - any field of it
    """Nodes as Kubernetes shows them."""
    return tuple(NodeState(f"aks-{pool}-{number}", pool, **changes) for number in range(count))


def a_budget(*on: str, **changes: Any) -> NodeBudget:  # noqa: ANN401 - any field of it
    """A budget of which one pod of three may be evicted."""
    budget = NodeBudget("shop", "web", allowed=1, healthy=3, desired=2, expected=3, nodes=frozenset(on))
    return replace(budget, **changes)
