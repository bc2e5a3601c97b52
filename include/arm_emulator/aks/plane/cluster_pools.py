"""``agentPoolProfiles`` of a PUT of a cluster: pools that come, and pools that change."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from arm_emulator.aks.course.scaling import SCALING
from arm_emulator.aks.course.telling import tell_pool
from arm_emulator.aks.plane.pool_changes import (
    created_pool,
    replace_properties,
    require_no_later_version,
    require_replaceable,
    written_properties,
)
from arm_emulator.aks.plane.pool_sizes import begin_change
from arm_emulator.aks.plane.pool_view import is_stopped
from arm_emulator.arm_errors import InvalidParameterError

if TYPE_CHECKING:
    from arm_emulator.aks.agent_pool import AgentPool
    from arm_emulator.aks.cluster import ManagedCluster
    from arm_emulator.compute.model import JsonObject
    from arm_emulator.operations.operation import Operation
    from arm_emulator.wire.call import ArmCall
    from arm_emulator.world.world import World

_WHERE = "properties.agentPoolProfiles"


class WrittenPool(NamedTuple):
    """A pool that a body names, judged: what it is to be, and whether it is there already."""

    pool: AgentPool
    properties: JsonObject
    is_new: bool


def written_pools(world: World, call: ArmCall, cluster: ManagedCluster, *, is_new: bool) -> list[WrittenPool]:
    """The pools that a body names.

    :param is_new: the cluster is created: it needs a pool, the first of which is a system pool unless one is.
    :raises InvalidParameterError: AKS would refuse one of them.
    """
    profiles = (call.json_object().get("properties") or {}).get("agentPoolProfiles")
    if profiles is None and not is_new:
        return []
    if not isinstance(profiles, list) or not profiles:
        raise _invalid(_WHERE, "is missing: a cluster needs at least one agent pool")
    if is_new and not any(
        isinstance(p, dict) and str(p.get("mode", "")).lower() == "system" for p in profiles
    ):
        profiles = (
            [{**profiles[0], "mode": "System"}, *profiles[1:]] if isinstance(profiles[0], dict) else profiles
        )
    pools = [_written(world, call, cluster, f"{_WHERE}[{i}]", profile) for i, profile in enumerate(profiles)]
    names = [written.pool.name.lower() for written in pools]
    doubled = next((i for i, name in enumerate(names) if name in names[:i]), None)
    if doubled is not None:
        raise _invalid(f"{_WHERE}[{doubled}].name", f"{pools[doubled].pool.name!r} stands there twice")
    return pools


def _written(
    world: World, call: ArmCall, cluster: ManagedCluster, where: str, profile: object
) -> WrittenPool:
    if not isinstance(profile, dict):
        raise _invalid(where, f"{profile!r} is no object")
    name = str(profile.get("name") or "")
    there = cluster.pools.get(name.lower())
    if there is None:
        properties = written_properties(call.api_version, profile, None, where)
        require_no_later_version(cluster, properties, where)
        pool = created_pool(world, cluster, name, properties, f"{where}.name")
        return WrittenPool(pool, properties, is_new=True)
    known = {**there.properties, "count": there.count}
    # The pools of a stopped cluster are shown as stopped, too: sent back, that says nothing of a pool.
    said = {key: value for key, value in profile.items() if key != "powerState" or not is_stopped(cluster)}
    properties = written_properties(call.api_version, said, known, where)
    require_replaceable(cluster, there, properties, where)
    return WrittenPool(there, properties, is_new=False)


def put_pools(world: World, call: ArmCall, cluster: ManagedCluster, pools: list[WrittenPool]) -> list[str]:
    """Let the cluster have them; what a fault hinders stays as it is.

    :return: ids of the operations in which pools get their nodes, or lose some.
    """
    if not call.disruption.applies_to_resource:
        return []
    begun = [_put_pool(world, call, cluster, written) for written in pools]
    return [operation.id for operation in begun if operation is not None and SCALING in operation.pending]


def _put_pool(world: World, call: ArmCall, cluster: ManagedCluster, written: WrittenPool) -> Operation | None:
    count = written.properties.get("count", 1 if written.is_new else written.pool.count)
    if written.is_new:
        cluster.pools[written.pool.name.lower()] = written.pool
        tell_pool(world, cluster, written.pool)
        return begin_change(world, call, cluster, written.pool, count, is_new=True)
    pool, course = written.pool, written.pool.course
    if written.properties != {**pool.properties, "count": pool.count}:
        replace_properties(pool, written.properties)
    elif course is None or not course.stopped:
        return None
    return begin_change(world, call, cluster, pool, count)


def _invalid(path: str, message: str) -> InvalidParameterError:
    return InvalidParameterError(f"The value of parameter {path} is invalid: {message}.", target=path)
