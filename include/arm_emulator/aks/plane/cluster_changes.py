"""Changes of clusters: a PUT says what a cluster is to be; what it does not name stays as it is."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

from arm_emulator.aks.channels import change_channel, channel_in_force, channel_said
from arm_emulator.aks.cluster import ManagedCluster
from arm_emulator.aks.ids import ClusterId
from arm_emulator.aks.plane.channel_versions import refuse_newer_channel
from arm_emulator.aks.plane.cluster_checks import cluster_problems
from arm_emulator.aks.plane.kubernetes_versions import default_version
from arm_emulator.arm_errors import InvalidParameterError, PropertyChangeNotAllowedError
from arm_emulator.resources.regions import region_name

if TYPE_CHECKING:
    from arm_emulator.compute.model import JsonObject
    from arm_emulator.wire.call import ArmCall
    from arm_emulator.world.world import World

_READ_ONLY = frozenset(
    {
        "provisioningState",
        "powerState",
        "currentKubernetesVersion",
        "fqdn",
        "azurePortalFQDN",
        "maxAgentPools",
        "status",
    }
)


def written_resource(world: World, call: ArmCall, old: JsonObject | None) -> JsonObject:
    """The resource that a cluster has after a PUT, its pools apart.

    :param old: the one that it has; None for a new cluster.
    :raises InvalidParameterError: AKS would refuse it.
    """
    body = call.json_object()
    given = body.get("properties", {})
    if not isinstance(given, dict):
        raise _invalid("properties", f"{given!r} is no object")
    profile = given.get("autoUpgradeProfile")
    if isinstance(profile, dict):
        refuse_newer_channel(world, call.parameters["subscriptionId"], call.api_version, profile)
    merged = {
        **copy.deepcopy(old or {}),
        **{k: v for k, v in body.items() if k not in {"eTag", "properties"}},
    }
    merged["properties"] = _properties(given, (old or {}).get("properties", {}))
    for problem in cluster_problems(merged, world.regions.by_name):
        raise _invalid(problem.path, problem.message)
    _refuse_fixed(old, merged)
    merged["properties"].setdefault("kubernetesVersion", default_version(world.kubernetes_versions))
    return {key: value for key, value in merged.items() if value is not None}


def _properties(given: JsonObject, old: JsonObject) -> JsonObject:
    said = {
        key: value for key, value in given.items() if key not in _READ_ONLY and key != "agentPoolProfiles"
    }
    merged = {**copy.deepcopy(old), **copy.deepcopy(said)}
    merged = {key: value for key, value in merged.items() if value is not None}
    if isinstance(said.get("autoUpgradeProfile"), dict):
        before = old.get("autoUpgradeProfile") or {}
        merged["autoUpgradeProfile"] = _profile(said["autoUpgradeProfile"], before)
    return merged


def _profile(said: JsonObject, before: JsonObject) -> JsonObject:
    """A profile that names one channel leaves the other as it is; node-image takes the one of the nodes with it."""
    merged = {k: v for k, v in {**before, **said}.items() if v is not None}
    if str(said.get("upgradeChannel", "")).lower() == "node-image" and "nodeOSUpgradeChannel" not in said:
        merged["nodeOSUpgradeChannel"] = "NodeImage"
    return merged


def _refuse_fixed(old: JsonObject | None, new: JsonObject) -> None:
    if old is None:
        return
    if region_name(old["location"]) != region_name(new["location"]):
        raise PropertyChangeNotAllowedError("Changing property 'location' is not allowed.", target="location")
    before, after = (resource["properties"].get("kubernetesVersion") for resource in (old, new))
    if before and after and before != after and not before.startswith(f"{after}."):
        raise _invalid(
            "properties.kubernetesVersion",
            f"{after!r} is not {before!r}: this emulator does not upgrade Kubernetes",
        )
    new["properties"]["kubernetesVersion"] = before or after


def new_cluster(call: ArmCall, resource: JsonObject) -> ManagedCluster:
    """A cluster without pools yet, with the id that the call's path says."""
    at = call.parameters
    text = (
        f"/subscriptions/{at['subscriptionId']}/resourceGroups/{at['resourceGroupName']}"
        f"/providers/Microsoft.ContainerService/managedClusters/{at['clusterName']}"
    )
    resource["id"] = text
    return ManagedCluster(ClusterId.parse(text), region_name(resource["location"]), resource)


def replace_resource(world: World, cluster: ManagedCluster, resource: JsonObject) -> None:
    """Let a cluster have another resource; another channel begins to hold in up to a day (R65)."""
    said, in_force = channel_said(cluster.resource), channel_in_force(world, cluster)
    cluster.resource = {**resource, "id": cluster.id.text}
    cluster.etag += 1
    if channel_said(resource) != said:
        change_channel(world, cluster, in_force, channel_said(resource))


def _invalid(path: str, message: str) -> InvalidParameterError:
    return InvalidParameterError(f"The value of parameter {path} is invalid: {message}.", target=path)
