"""Routes of commands: ``runCommand`` and ``commandResults``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arm_emulator.aks.addressing import CLUSTER, addressed_cluster
from arm_emulator.aks.commands import begin_command, is_finished
from arm_emulator.arm_errors import InvalidParameterError, NotFoundError
from arm_emulator.wire.call import ArmReply
from arm_emulator.wire.router import Route

if TYPE_CHECKING:
    from arm_emulator.aks.cluster import ManagedCluster
    from arm_emulator.wire.call import ArmCall
    from arm_emulator.world.world import World

_SHOWN = ("provisioningState", "exitCode", "startedAt", "finishedAt", "logs", "reason")


def command_routes() -> tuple[Route, ...]:
    """Both of them."""
    return (
        Route("POST", f"{CLUSTER}/runCommand", run),
        Route("GET", f"{CLUSTER}/commandResults/{{commandId}}", get_result, only_reads=True),
    )


def run(world: World, call: ArmCall) -> ArmReply:
    """Accept a command; ``Location`` is where its result will be."""
    cluster = addressed_cluster(world, call)
    text = call.json_object().get("command")
    if not isinstance(text, str) or not text.strip():
        raise InvalidParameterError("command: a command line such as 'kubectl get nodes'", target="command")
    name = begin_command(world, cluster, text, call.disruption)
    return ArmReply(202, headers=_headers(world, call, cluster, name))


def get_result(world: World, call: ArmCall) -> ArmReply:
    """202 while the command runs, then what it printed and its exit code."""
    cluster = addressed_cluster(world, call)
    name = call.parameters["commandId"].lower()
    command = cluster.commands.get(name)
    if command is None:
        raise NotFoundError(f"The command '{name}' of cluster '{cluster.id.name}' could not be found.")
    if not is_finished(world, command):
        return ArmReply(202, headers=_headers(world, call, cluster, name))
    properties = {key: command[key] for key in _SHOWN if key in command}
    return ArmReply.of({"id": name, "properties": properties})


def _headers(world: World, call: ArmCall, cluster: ManagedCluster, name: str) -> dict[str, str]:
    retry = world.timings_of(cluster).retry_after(world.seed, cluster.key, name)
    address = f"{call.base_url}{cluster.id.text}/commandResults/{name}?api-version={call.api_version}"
    return {"Location": address, "Retry-After": retry}
