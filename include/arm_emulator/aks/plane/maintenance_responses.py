"""Routes of maintenance configurations: when AKS may work on a cluster."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

from arm_emulator.aks.addressing import CLUSTER, addressed_cluster
from arm_emulator.aks.plane.maintenance_checks import configuration_problems, name_problem, spelled
from arm_emulator.arm_errors import InvalidParameterError
from arm_emulator.wire.api_versions import is_at_least
from arm_emulator.wire.call import ArmReply
from arm_emulator.wire.paging import page_reply
from arm_emulator.wire.router import Route

if TYPE_CHECKING:
    from arm_emulator.aks.cluster import ManagedCluster
    from arm_emulator.compute.model import JsonObject
    from arm_emulator.wire.call import ArmCall
    from arm_emulator.world.world import World

CONFIGURATIONS = f"{CLUSTER}/maintenanceConfigurations"
_WINDOWS_SINCE = "2023-05-01"
"""The first API version with ``maintenanceWindow``; before it there are hour slots of ``default`` only."""


def maintenance_routes() -> tuple[Route, ...]:
    """All of them."""
    one = f"{CONFIGURATIONS}/{{configName}}"
    return (
        Route("GET", CONFIGURATIONS, list_configurations, only_reads=True),
        Route("GET", one, get, only_reads=True),
        Route("PUT", one, put),
        Route("DELETE", one, delete),
    )


def list_configurations(world: World, call: ArmCall) -> ArmReply:
    """The configurations of a cluster."""
    cluster = addressed_cluster(world, call)
    return page_reply(call, [_resource(cluster, name) for name in sorted(cluster.maintenance)])


def get(world: World, call: ArmCall) -> ArmReply:
    """The configuration."""
    cluster, name = addressed_cluster(world, call), _name(call)
    if name in cluster.maintenance:
        return ArmReply.of(_resource(cluster, name))
    at = call.parameters
    resource = (
        f"Microsoft.ContainerService/managedClusters/{cluster.id.name}/maintenanceConfigurations/{name}"
    )
    raise world.not_found(at["subscriptionId"], at["resourceGroupName"], resource)


def put(world: World, call: ArmCall) -> ArmReply:
    """Create the configuration, or replace it; done at once."""
    cluster, name = addressed_cluster(world, call), _name(call)
    properties = copy.deepcopy(call.json_object().get("properties", {}))
    _refuse_newer(call.api_version, properties)
    for problem in configuration_problems(name, properties):
        path = f"properties.{problem.path}".rstrip(".")
        raise InvalidParameterError(
            f"The value of parameter {path} is invalid: {problem.message}.", target=path
        )
    status = 200 if name in cluster.maintenance else 201
    if call.disruption.applies_to_resource:
        cluster.maintenance[name] = _completed(world, properties)
    return ArmReply.of(_resource(cluster, name, properties), status=status)


def delete(world: World, call: ArmCall) -> ArmReply:
    """Delete the configuration; 204 where there is none."""
    cluster, name = addressed_cluster(world, call), _name(call)
    if name not in cluster.maintenance:
        return ArmReply(204)
    if call.disruption.applies_to_resource:
        del cluster.maintenance[name]
    return ArmReply(200)


def _name(call: ArmCall) -> str:
    said = call.parameters["configName"]
    name = spelled(said)
    if name is None:
        raise InvalidParameterError(
            f"The value of parameter configName is invalid: {name_problem(said)}.", target="configName"
        )
    return name


def _refuse_newer(api_version: str, properties: object) -> None:
    has_window = isinstance(properties, dict) and properties.get("maintenanceWindow") is not None
    if has_window and not is_at_least(api_version, _WINDOWS_SINCE):
        path = "properties.maintenanceWindow"
        raise InvalidParameterError(
            f"The value of parameter {path} is invalid: API version {api_version} does not know it; it exists since "
            f"{_WINDOWS_SINCE}.",
            target=path,
        )


def _completed(world: World, properties: JsonObject) -> JsonObject:
    """With what AKS adds: the defaults, and the day on which a window begins to count."""
    window = properties.get("maintenanceWindow")
    if window is not None:
        window.setdefault("durationHours", 24)
        window.setdefault("utcOffset", "+00:00")
        window.setdefault("startDate", f"{world.now:%Y-%m-%d}")
    return properties


def _resource(cluster: ManagedCluster, name: str, properties: JsonObject | None = None) -> JsonObject:
    return {
        "id": f"{cluster.id.text}/maintenanceConfigurations/{name}",
        "name": name,
        "type": "Microsoft.ContainerService/managedClusters/maintenanceConfigurations",
        "properties": cluster.maintenance.get(name, properties),
    }
