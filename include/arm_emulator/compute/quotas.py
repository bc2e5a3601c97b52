"""Quotas of vCPUs: what a region's scale sets use, and what would go beyond a limit.

The vCPUs of a VM are the digits of its size (2 for ``Standard_D2s_v3``), which holds for all but some old series; its
family is made of the size's letters as Azure's usages name them (``standardDSv3Family``). Every instance counts,
deallocated ones too, as in Azure.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from arm_emulator.arm_errors import OperationNotAllowedError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from arm_emulator.aks.agent_pool import AgentPool
    from arm_emulator.compute.scale_set import ScaleSet
    from arm_emulator.world.world import World

REGIONAL = "cores"
"""The name under which usages have all vCPUs of a region."""

UNLIMITED = 100_000
"""What usages show as the limit of a quota that the world does not list; nothing is refused by it."""

_SIZE = re.compile(r"[A-Za-z]+_([A-Za-z]+?)(\d+)(?:-\d+)?([a-z]*)(?:_[A-Z]\d+)*(_v\d+)?(?:_.*)?", re.ASCII)
_NO_FAMILY = frozenset("mrti")


class VmSize(NamedTuple):
    """What a quota counts of a VM size."""

    vcpus: int
    family: str


def vm_size(name: str) -> VmSize:
    """The vCPUs and the family of a size; one vCPU of a family of its own where the name does not tell.

    >>> vm_size("Standard_D2s_v3")
    VmSize(vcpus=2, family='standardDSv3Family')
    >>> vm_size("Standard_B2ms")
    VmSize(vcpus=2, family='standardBSFamily')
    """
    match = _SIZE.fullmatch(name)
    if match is None:
        return VmSize(1, f"{name or 'unknown'}Family")
    series, vcpus, features, version = match.groups()
    letters = series.upper() + "".join(letter.upper() for letter in features if letter not in _NO_FAMILY)
    return VmSize(int(vcpus), f"standard{letters}{(version or '').lstrip('_')}Family")


def usage(world: World, subscription: str, location: str) -> Counter[str]:
    """The vCPUs in use, by quota name; ``virtualMachineScaleSets`` and ``virtualMachines`` count those."""
    used: Counter[str] = Counter({REGIONAL: 0, "virtualMachineScaleSets": 0, "virtualMachines": 0})
    for scale_set in world.scale_sets.values():
        if scale_set.is_hidden or scale_set.location != location:
            continue
        if scale_set.id.subscription.lower() != subscription.lower():
            continue
        size = vm_size(str(scale_set.model.sku.get("name", "")))
        count = len(scale_set.instances)
        used[REGIONAL] += size.vcpus * count
        used[size.family] += size.vcpus * count
        used["virtualMachines"] += count
        used["virtualMachineScaleSets"] += 1
    for pool in _node_pools(world, subscription, location):
        size = vm_size(str(pool.properties.get("vmSize", "")))
        used[REGIONAL] += size.vcpus * len(pool.nodes)
        used[size.family] += size.vcpus * len(pool.nodes)
        used["virtualMachines"] += len(pool.nodes)
        used["virtualMachineScaleSets"] += 1
    return used


def surge_limits(world: World, subscription: str, location: str) -> Mapping[str, int]:
    """The limits of families of which every AKS node pool says how many nodes more it may have (``quota``).

    A family that a pool without such a limit has as well shows none: quotas of Azure know no pools.
    """
    room: dict[str, list[int | None]] = {}
    for pool in _node_pools(world, subscription, location):
        size = vm_size(str(pool.properties.get("vmSize", "")))
        more = None if pool.quota is None else max(0, pool.quota - len(pool.surge_nodes)) * size.vcpus
        room.setdefault(size.family, []).append(more)
    used = usage(world, subscription, location)
    known = {family: [more for more in each if more is not None] for family, each in room.items()}
    return {
        family: used[family] + max(mores)
        for family, mores in known.items()
        if mores and len(mores) == len(room[family])
    }


def _node_pools(world: World, subscription: str, location: str) -> Iterator[AgentPool]:
    for cluster in world.managed_clusters.values():
        if cluster.location == location and cluster.id.subscription.lower() == subscription.lower():
            yield from cluster.pools.values()


def limits(world: World, subscription: str, location: str) -> Mapping[str, int]:
    """The quotas that the world lists for a region of a subscription."""
    return world.subscription(subscription).quotas.get(location, {})


def require_quota(world: World, scale_set: ScaleSet, size_name: str, capacity: int) -> None:
    """Refuse a capacity for which a listed quota has no vCPUs left.

    :param size_name: the VM size that new instances will have.
    :raises OperationNotAllowedError: it goes beyond one.
    """
    listed = limits(world, scale_set.id.subscription, scale_set.location)
    added = capacity - len(scale_set.instances)
    if added <= 0 or not listed:
        return
    used = usage(world, scale_set.id.subscription, scale_set.location)
    size = vm_size(size_name)
    required = size.vcpus * added
    by_name = {name.lower(): (name, limit) for name, limit in listed.items()}
    for name, words in ((size.family, f"{size.family} Cores"), (REGIONAL, "Total Regional Cores")):
        _, limit = by_name.get(name.lower(), (name, None))
        if limit is not None and used[name] + required > limit:
            raise OperationNotAllowedError(
                f"Operation could not be completed as it results in exceeding approved {words} quota. Additional "
                f"details - Deployment Model: Resource Manager, Location: {scale_set.location}, Current Limit: "
                f"{limit}, Current Usage: {used[name]}, Additional Required: {required}, (Minimum) New Limit "
                f"Required: {used[name] + required}."
            )
