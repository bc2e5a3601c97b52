"""Bodies of AKS as the official SDK's models write them, and a server that answers each path as it is told."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit

from azure.mgmt.containerservice import models
from azure.mgmt.containerservice._utils.model_base import SdkJSONEncoder
from azure_doubles import SUBSCRIPTION, Reply, ScriptedServer, Seen

from fleetwright.domain.node_pools.channels import NodeOsChannel
from fleetwright.domain.node_pools.clusters import Cluster
from fleetwright.domain.node_pools.ids import parse_target

CLUSTER_ID = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg/providers/Microsoft.ContainerService/managedClusters/shop"
POOL_ID = f"{CLUSTER_ID}/agentPools/np1"
CLUSTERS = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.ContainerService/managedClusters"
VERSIONS = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.ContainerService/locations/westeurope/kubernetesVersions"
OPERATION = (
    f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.ContainerService/locations/westeurope/operations/"
    "6f9619ff-8b86-d011-b42d-00c04fc964ff?api-version=2016-03-30&t=638&c=MII%2b&s=x%3d"
)
OLD, NEW = "AKSUbuntu-2204gen2containerd-202402.07.0", "AKSUbuntu-2204gen2containerd-202402.12.0"
TARGET = parse_target(CLUSTER_ID).cluster


def wire(model: Any) -> dict[str, Any]:  # noqa: ANN401 - any of the SDK's models
    """A model as it goes over the wire."""
    body: dict[str, Any] = json.loads(json.dumps(model, cls=SdkJSONEncoder))
    return body


def a_pool(name: str = "np1", **properties: object) -> dict[str, Any]:
    """An agent pool of three nodes."""
    known = {
        "count": 3,
        "vmSize": "Standard_D2s_v3",
        "osType": "Linux",
        "osSKU": "Ubuntu",
        "mode": "User",
        "type": "VirtualMachineScaleSets",
        "orchestratorVersion": "1.28",
        "currentOrchestratorVersion": "1.28.5",
        "nodeImageVersion": OLD,
        "provisioningState": "Succeeded",
        "powerState": {"code": "Running"},
        "upgradeSettings": {"maxSurge": "33%"},
    }
    said = models.AgentPool(
        {"id": f"{CLUSTER_ID}/agentPools/{name}", "name": name, "properties": known | properties}
    )
    return wire(said)


def a_cluster(**properties: object) -> dict[str, Any]:
    """A cluster with one pool."""
    known: dict[str, Any] = {
        "provisioningState": "Succeeded",
        "powerState": {"code": "Running"},
        "kubernetesVersion": "1.28",
        "currentKubernetesVersion": "1.28.5",
        "nodeResourceGroup": "MC_rg_shop_westeurope",
        "agentPoolProfiles": [a_pool()["properties"] | {"name": "np1"}],
        "autoUpgradeProfile": {"nodeOSUpgradeChannel": "NodeImage"},
    }
    body = {
        "id": CLUSTER_ID,
        "name": "shop",
        "location": "westeurope",
        "sku": {"name": "Base", "tier": "Standard"},
        "tags": {"owner": "shop"},
        "properties": known | properties,
    }
    return wire(models.ManagedCluster(body))


def a_profile(latest: str = NEW) -> dict[str, Any]:
    """An upgrade profile of a pool."""
    said = {
        "kubernetesVersion": "1.28.5",
        "osType": "Linux",
        "latestNodeImageVersion": latest,
        "recentlyUsedVersions": [{"orchestratorVersion": "1.28.5", "nodeImageVersion": OLD}],
    }
    body = {"id": f"{POOL_ID}/upgradeProfiles/default", "name": "default", "properties": said}
    return wire(models.AgentPoolUpgradeProfile(body))


def a_configuration(hours: int = 4, name: str = "aksManagedNodeOSUpgradeSchedule") -> dict[str, Any]:
    """A maintenance configuration: Sundays at 01:00 UTC."""
    window = {
        "schedule": {"weekly": {"intervalWeeks": 1, "dayOfWeek": "Sunday"}},
        "durationHours": hours,
        "startTime": "01:00",
        "utcOffset": "+00:00",
        "startDate": "2024-01-01",
    }
    body = {"name": name, "properties": {"maintenanceWindow": window}}
    return wire(models.MaintenanceConfiguration(body))


def a_machine(number: int, image: str = NEW, **properties: object) -> dict[str, Any]:
    """A machine as the preview shows it (the stable models know no image)."""
    said = {
        "provisioningState": "Succeeded",
        "nodeImageVersion": image,
        "kubernetes": {"orchestratorVersion": "1.28", "currentOrchestratorVersion": "1.28.5"},
    }
    return {"name": f"aks-np1-{number}", "properties": said | properties}


def versions(*minors: str) -> dict[str, Any]:
    """What a region supports."""
    values = [
        {
            "version": minor,
            "capabilities": {"supportPlan": ["KubernetesOfficial"]},
            "patchVersions": {f"{minor}.5": {"upgrades": []}},
        }
        for minor in minors
    ]
    return {"values": values}


def the_cluster(channel: NodeOsChannel = NodeOsChannel.NODE_IMAGE) -> Cluster:
    """The cluster as a value, for calls that only need to know where it is."""
    return Cluster(cluster_id=TARGET, location="westeurope", channel=channel)


class Estate:
    """Answers each path as it is told: once each of a list, the last one for ever; 404 for what it was not told."""

    def __init__(self, server: ScriptedServer, answers: dict[str, Reply | list[Reply]]) -> None:
        self.calls: list[str] = []
        self.targets: list[str] = []
        self.bodies: list[Any] = []
        self._answers = answers
        server.script(self._answer)

    def _answer(self, seen: Seen) -> Reply:
        path = urlsplit(seen.target).path
        self.calls.append(f"{seen.method} {path}")
        self.targets.append(seen.target)
        self.bodies.append(seen.body)
        found = self._answers.get(path, Reply(404, {"error": {"code": "ResourceNotFound", "message": path}}))
        if isinstance(found, list):
            return found.pop(0) if len(found) > 1 else found[0]
        return found


def listed(*bodies: dict[str, Any]) -> Reply:
    """A page."""
    return Reply(body={"value": list(bodies)})


def whole_estate(**changes: Reply | list[Reply]) -> dict[str, Reply | list[Reply]]:
    """A cluster with one pool, a window and versions.

    :param changes: other answers by name: cluster, pools, pool, profile, windows, versions
    """
    paths = {
        "cluster": CLUSTER_ID,
        "pools": f"{CLUSTER_ID}/agentPools",
        "pool": POOL_ID,
        "profile": f"{POOL_ID}/upgradeProfiles/default",
        "windows": f"{CLUSTER_ID}/maintenanceConfigurations",
        "versions": VERSIONS,
    }
    usual: dict[str, Reply | list[Reply]] = {
        "cluster": Reply(body=a_cluster()),
        "pools": listed(a_pool()),
        "pool": Reply(body=a_pool()),
        "profile": Reply(body=a_profile()),
        "windows": listed(a_configuration()),
        "versions": Reply(body=versions("1.28", "1.29")),
    }
    return {paths[name]: answer for name, answer in (usual | changes).items()}
