"""Worlds of AKS clusters, as documents for the emulator."""

from __future__ import annotations

from typing import Any, TypeAlias

Json: TypeAlias = Any

SUBSCRIPTION = "/subscriptions/00000000-0000-0000-0000-000000000001"
OLD = "AKSUbuntu-2204gen2containerd-202402.05.0"
NEW = "AKSUbuntu-2204gen2containerd-202402.12.0"
PATCHED = f"{NEW}-2024.02.20"
# A Sunday: the usual window opens at midnight.
SUNDAY_START = "2024-03-03T00:10:00Z"
TIMINGS = {
    "nodeCreate": 120,
    "nodeDrain": 30,
    "nodeReimage": 120,
    "nodeStart": 30,
    "nodeDelete": 30,
    "livePatch": 60,
    "command": 5,
}


def cluster_id(name: str = "web") -> str:
    """A cluster's ARM id."""
    return f"{SUBSCRIPTION}/resourceGroups/shop/providers/Microsoft.ContainerService/managedClusters/{name}"


def pool(
    name: str, count: int = 2, *, mode: str = "User", image: str = OLD, **settings: str | int
) -> dict[str, Any]:
    """A node pool's profile; what is named besides stands in its ``upgradeSettings``."""
    return {
        "name": name,
        "type": "VirtualMachineScaleSets",
        "mode": mode,
        "count": count,
        "vmSize": "Standard_D2s_v3",
        "osType": "Linux",
        "osSKU": "Ubuntu",
        "orchestratorVersion": "1.28",
        "currentOrchestratorVersion": "1.28.5",
        "provisioningState": "Succeeded",
        "powerState": {"code": "Running"},
        "nodeImageVersion": image,
        "upgradeSettings": {"maxSurge": "1", "drainTimeoutInMinutes": 5, **settings},
    }


def window(**schedule: Json) -> dict[str, Any]:
    """The maintenance configuration for node images; weekly on Sundays from midnight for four hours unless told."""
    body = {
        "schedule": {"weekly": {"intervalWeeks": 1, "dayOfWeek": "Sunday"}},
        "durationHours": 4,
        "startTime": "00:00",
        "utcOffset": "+00:00",
        **schedule,
    }
    return {"name": "aksManagedNodeOSUpgradeSchedule", "properties": {"maintenanceWindow": body}}


def cluster(
    *pools: dict[str, Any],
    name: str = "web",
    channel: str = "NodeImage",
    windows: tuple[dict[str, Any], ...] = (),
    **emulator: Json,
) -> dict[str, Any]:
    """A cluster with its pools; what is named besides is the emulator's own."""
    found: dict[str, Any] = {
        "resource": {
            "id": cluster_id(name),
            "name": name,
            "type": "Microsoft.ContainerService/managedClusters",
            "location": "westeurope",
            "sku": {"name": "Base", "tier": "Standard"},
            "properties": {
                "kubernetesVersion": "1.28",
                "currentKubernetesVersion": "1.28.5",
                "provisioningState": "Succeeded",
                "powerState": {"code": "Running"},
                "nodeResourceGroup": f"MC_shop_{name}_westeurope",
                "autoUpgradeProfile": {"upgradeChannel": "none", "nodeOSUpgradeChannel": channel},
                "agentPoolProfiles": list(pools),
            },
        },
        "maintenanceConfigurations": list(windows),
    }
    return {**found, "x-emulator": emulator} if emulator else found


def world(*clusters: dict[str, Any], start: str = SUNDAY_START, **more: Json) -> dict[str, Any]:
    """A world with these clusters and two weekly images."""
    return {
        "subscriptions": [{"id": "00000000-0000-0000-0000-000000000001"}],
        "now": start,
        "timings": TIMINGS,
        "nodeImages": [
            {"version": OLD, "publishedAt": "2024-02-05T00:00:00Z"},
            {"version": NEW, "publishedAt": "2024-02-12T00:00:00Z"},
        ],
        "managedClusters": list(clusters),
        **more,
    }


SECURITY_IMAGES = [
    {"version": OLD, "publishedAt": "2024-02-05T00:00:00Z"},
    {"version": NEW, "publishedAt": "2024-02-12T00:00:00Z"},
    {"version": PATCHED, "publishedAt": "2024-02-20T00:00:00Z", "security": True},
]
TWO_POOLS = (pool("np1", 2), pool("system", 2, mode="System"))
