"""Whether Azure itself upgrades the nodes of a pool right now (O4)."""

from __future__ import annotations

from dataclasses import replace

from fleetwright.azure.batch.node_reading import NodeReading
from fleetwright.azure.client import ArmClient
from fleetwright.azure.rolling_upgrades import RollingUpgrades
from fleetwright.domain.batch_pools import AllocationMode
from fleetwright.domain.fleets import Fleet, parse_fleet_id
from fleetwright.domain.policy import UpgradePolicy
from fleetwright.domain.thresholds import name_ids


def describe_foreign(client: ArmClient, nodes: NodeReading, fleet: Fleet) -> str:
    """One line about it, empty where it does not.

    A scale set behind the pool tells of its rolling upgrades, whatever our own way is. Where it is hidden only the nodes
    tell: ours are ``reimaging`` there, so what is ``upgradingos`` is the platform's (R56).
    """
    if fleet.pool is not None and fleet.pool.allocation_mode is AllocationMode.USER_SUBSCRIPTION:
        return "; ".join(filter(None, (_of_scale_set(client, fleet, i) for i in _behind(nodes, fleet))))
    upgrading = tuple(node.instance_id for node in nodes.list_upgrading(fleet))
    return f"Batch upgrades the OS of {name_ids(upgrading)} by itself" if upgrading else ""


def _behind(nodes: NodeReading, fleet: Fleet) -> tuple[str, ...]:
    return nodes.machines_of(fleet).scale_sets()


def _of_scale_set(client: ArmClient, fleet: Fleet, scale_set: str) -> str:
    # Batch approves what is deferred as nodes become idle, so a rolling upgrade that waits is somebody else's, too.
    behind = replace(fleet, fleet_id=parse_fleet_id(scale_set), policy=UpgradePolicy())
    line = RollingUpgrades(client).describe_foreign(behind)
    return f"{scale_set}: {line}" if line else ""
