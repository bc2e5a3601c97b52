"""Commands that are run on a cluster (``runCommand``).

A command does its work when it is accepted; that it is done shows after ``timings.command``. Results are kept for a day.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from arm_emulator.aks.kubectl.commands import run_command_text
from arm_emulator.arm_errors import OperationNotAllowedError
from arm_emulator.compute.instance import Fate
from arm_emulator.instants import admin_instant, parse_instant

if TYPE_CHECKING:
    from arm_emulator.aks.cluster import ManagedCluster
    from arm_emulator.compute.disruption import Disruption
    from arm_emulator.compute.model import JsonObject
    from arm_emulator.world.world import World

_KEPT = timedelta(days=1)


def begin_command(world: World, cluster: ManagedCluster, text: str, disruption: Disruption) -> str:
    """Run a command.

    :return: its id
    :raises OperationNotAllowedError: the cluster is stopped
    """
    if _is_stopped(cluster):
        raise OperationNotAllowedError(
            f"Managed cluster '{cluster.id.name}' is stopped. Start it before a command is run on it."
        )
    _forget_old_ones(world, cluster)
    name = world.new_guid("command").replace("-", "")
    takes = world.timings_of(cluster).draw("command", world.seed, cluster.key, name)
    cluster.commands[name] = {
        "startedAt": admin_instant(world.now),
        "finishedAt": admin_instant(world.now + takes),
        **_result(world, cluster, text, disruption),
    }
    return name


def is_finished(world: World, command: JsonObject) -> bool:
    """Whether a command's result is there."""
    return bool(command["finishedAt"]) and parse_instant(command["finishedAt"]) <= world.now


def _result(world: World, cluster: ManagedCluster, text: str, disruption: Disruption) -> JsonObject:
    if disruption.fate is Fate.STUCK:
        return {"finishedAt": None}
    if disruption.fate is not Fate.APPLY:
        reason = f"{disruption.code}: {disruption.message}"
        return {"provisioningState": "Failed", "reason": reason}
    exit_code, logs = run_command_text(world, cluster, text)
    return {"provisioningState": "Succeeded", "exitCode": exit_code, "logs": logs}


def _is_stopped(cluster: ManagedCluster) -> bool:
    power = cluster.resource["properties"].get("powerState") or {}
    return str(power.get("code", "")).lower() == "stopped"


def _forget_old_ones(world: World, cluster: ManagedCluster) -> None:
    for name, command in list(cluster.commands.items()):
        if parse_instant(command["startedAt"]) + _KEPT < world.now:
            del cluster.commands[name]
