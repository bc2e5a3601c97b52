"""Changes of agent pools: a PUT says what a pool is to be; what it does not name stays as it is."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from arm_emulator.aks.agent_pool import AgentPool
from arm_emulator.aks.node_images import latest_for
from arm_emulator.aks.plane.first_images import first_image
from arm_emulator.aks.plane.kubernetes_versions import number_of
from arm_emulator.aks.plane.pool_checks import name_problem, pool_problems
from arm_emulator.aks.plane.pool_view import kubernetes_version_of
from arm_emulator.aks.plane.upgrade_settings import refuse_newer_settings, with_newer_settings
from arm_emulator.arm_errors import (
    InvalidParameterError,
    OperationNotAllowedError,
    PropertyChangeNotAllowedError,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from arm_emulator.aks.cluster import ManagedCluster
    from arm_emulator.compute.model import JsonObject
    from arm_emulator.world.world import World

READ_ONLY = frozenset(
    {
        "eTag",
        "provisioningState",
        "nodeImageVersion",
        "currentOrchestratorVersion",
        "virtualMachineNodesStatus",
        "status",
    }
)
"""What answers have and a PUT may send back: it is ignored."""

_FIXED = ("vmSize", "osType", "type", "availabilityZones")


def written_properties(api_version: str, given: object, old: JsonObject | None, where: str) -> JsonObject:
    """The properties that a pool has after a PUT.

    :param given: ``properties`` of the body; ``null`` takes a value away.
    :param old: those that it has; None for a new pool.
    :param where: the path of the properties in the body.
    :raises InvalidParameterError: AKS would refuse one of them.
    """
    if not isinstance(given, dict):
        raise _invalid(where, "", f"{given!r} is no object")
    refuse_newer_settings(api_version, given.get("upgradeSettings"), f"{where}.upgradeSettings")
    said = {name: value for name, value in given.items() if name not in READ_ONLY and name != "name"}
    merged = {**copy.deepcopy(old or {}), **copy.deepcopy(said)}
    merged = {name: value for name, value in merged.items() if value is not None}
    for problem in pool_problems(merged):
        raise _invalid(where, problem.path, problem.message)
    before = (old or {}).get("upgradeSettings")
    if "upgradeSettings" in said:
        settings = with_newer_settings(api_version, before, merged.get("upgradeSettings"))
        merged.pop("upgradeSettings", None)
        merged |= {"upgradeSettings": settings} if settings else {}
    return merged


def created_pool(
    world: World, cluster: ManagedCluster, name: str, properties: JsonObject, where: str
) -> AgentPool:
    """A new pool without nodes yet, with the newest image of its family.

    :param where: the path of what names it.
    :raises InvalidParameterError: that is no name for it.
    """
    problem = name_problem(name, properties.get("osType"))
    if problem:
        raise _invalid(where, "", problem)
    kept = {key: value for key, value in properties.items() if key != "count"}
    pool = AgentPool(name, kept, first_image(cluster, properties))
    pool.image = latest_for(world, cluster, pool)
    return pool


def require_replaceable(cluster: ManagedCluster, pool: AgentPool, properties: JsonObject, where: str) -> None:
    """Refuse properties that a pool cannot change to.

    :raises PropertyChangeNotAllowedError: one of them cannot change.
    :raises OperationNotAllowedError: the cluster would be left without a system pool.
    """
    for name in _FIXED:
        before, after = pool.properties.get(name), properties.get(name)
        if before is not None and str(before).lower() != str(after).lower():
            raise PropertyChangeNotAllowedError(
                f"Changing property '{where}.{name}' is not allowed: it is {before!r} and cannot become {after!r}.",
                target=f"{where}.{name}",
            )
    _require_version(cluster, pool, properties, where)
    if str(properties.get("mode", "")).lower() != "system":
        require_other_system_pool(cluster, pool)


def replace_properties(pool: AgentPool, properties: JsonObject) -> None:
    """Let a pool have other properties; its nodes are not touched."""
    pool.properties = {key: value for key, value in properties.items() if key != "count"}
    pool.etag += 1


def require_other_system_pool(cluster: ManagedCluster, pool: AgentPool) -> None:
    """Refuse to lose the last system pool of a cluster.

    :raises OperationNotAllowedError: it is that one.
    """
    if pool.is_system and not any(other.is_system for other in cluster.pools.values() if other is not pool):
        raise OperationNotAllowedError(
            f"Agent pool '{pool.name}' is the last one of mode System in managed cluster '{cluster.id.name}'; there must be "
            "at least one.",
            target=cluster.id.pool_id(pool.name),
        )


def require_no_later_version(cluster: ManagedCluster, properties: Mapping[str, Any], where: str) -> None:
    """Refuse a new pool with a later version of Kubernetes than its control plane's.

    :param where: the path of the properties in the body.
    :raises InvalidParameterError: it asks for one.
    """
    wanted = properties.get("orchestratorVersion")
    control_plane = str(cluster.resource["properties"].get("kubernetesVersion", ""))
    if wanted and control_plane and number_of(wanted) > number_of(control_plane):
        message = f"{wanted!r} is later than {control_plane!r}, the version of the cluster's control plane"
        raise _invalid(where, "orchestratorVersion", message)


def _require_version(
    cluster: ManagedCluster, pool: AgentPool, properties: Mapping[str, Any], where: str
) -> None:
    """Refuse another version of Kubernetes than the pool has: this emulator has node images only (R66)."""
    wanted, current = properties.get("orchestratorVersion"), kubernetes_version_of(cluster, pool)
    if wanted and current and wanted != current and not current.startswith(f"{wanted}."):
        raise _invalid(
            where,
            "orchestratorVersion",
            f"{wanted!r} is not {current!r}: this emulator does not upgrade Kubernetes",
        )


def _invalid(where: str, path: str, message: str) -> InvalidParameterError:
    target = f"{where}.{path}".strip(".")
    return InvalidParameterError(f"The value of parameter {target} is invalid: {message}.", target=target)
