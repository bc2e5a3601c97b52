"""Routes of the machines of a pool."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arm_emulator.aks.addressing import AGENT_POOL, addressed_pool
from arm_emulator.aks.course.scaling import delete_machines
from arm_emulator.aks.machine_view import machine
from arm_emulator.arm_errors import InvalidParameterError, NotFoundError, UnsupportedApiVersionError
from arm_emulator.operations.links import poll_headers
from arm_emulator.wire.api_versions import is_at_least
from arm_emulator.wire.call import ArmReply
from arm_emulator.wire.router import Route

if TYPE_CHECKING:
    from arm_emulator.wire.call import ArmCall
    from arm_emulator.world.world import World

MACHINES_SINCE = "2023-07-02"
"""The first API version, a preview, that knows machines."""


def node_machine_routes() -> tuple[Route, ...]:
    """All of them."""
    return (
        Route("GET", f"{AGENT_POOL}/machines", list_machines, only_reads=True),
        Route("GET", f"{AGENT_POOL}/machines/{{machineName}}", get_machine, only_reads=True),
        Route("POST", f"{AGENT_POOL}/deleteMachines", post_deletion),
    )


def list_machines(world: World, call: ArmCall) -> ArmReply:
    """Every machine of the pool, surge nodes included, by number."""
    cluster, pool = addressed_pool(world, call)
    _require_version(call)
    nodes = sorted(pool.nodes.values(), key=lambda node: node.number)
    return ArmReply.of({"value": [machine(cluster, pool, node) for node in nodes]})


def get_machine(world: World, call: ArmCall) -> ArmReply:
    """One machine."""
    cluster, pool = addressed_pool(world, call)
    _require_version(call)
    name = call.parameters["machineName"]
    node = pool.nodes.get(name.lower())
    if node is None:
        raise NotFoundError(f"Machine '{name}' could not be found in agent pool '{pool.name}'.")
    return ArmReply.of(machine(cluster, pool, node))


def post_deletion(world: World, call: ArmCall) -> ArmReply:
    """The end of the machines that the body names; the pool's count falls with them."""
    cluster, pool = addressed_pool(world, call)
    _require_version(call)
    names = call.json_object().get("machineNames")
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise InvalidParameterError(f"machineNames is no list of texts: {names!r}.", target="machineNames")
    operation = delete_machines(world, cluster, pool, names, disruption=call.disruption)
    return ArmReply(202, headers=poll_headers(world, call.base_url, operation))


def _require_version(call: ArmCall) -> None:
    if not is_at_least(call.api_version, MACHINES_SINCE):
        raise UnsupportedApiVersionError(
            f"No registered resource provider found for API version '{call.api_version}' and type "
            f"'managedClusters/agentPools/machines' of 'Microsoft.ContainerService'; it exists since {MACHINES_SINCE}-preview.",
        )
