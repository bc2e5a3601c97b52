"""Bodies as Azure writes them, with what a test asks for changed."""

from __future__ import annotations

from typing import Any

from azure_doubles import FLEET_ID

DISKS = "/subscriptions/s/resourceGroups/RG/providers/Microsoft.Compute/disks"
HEALTH_EXTENSION = {
    "name": "health",
    "properties": {"publisher": "Microsoft.ManagedServices", "type": "ApplicationHealthLinux"},
}
SERVICE_FABRIC = {
    "name": "fabric",
    "properties": {"publisher": "Microsoft.Azure.ServiceFabric", "type": "ServiceFabricNode"},
}


def scale_set(**properties: object) -> dict[str, Any]:
    """A Uniform set of 15 in three zones; ``profile`` goes into ``virtualMachineProfile``."""
    profile = {
        "storageProfile": {
            "imageReference": {
                "publisher": "Canonical",
                "offer": "UbuntuServer",
                "sku": "18.04-LTS",
                "version": "latest",
            }
        },
        "networkProfile": {"networkInterfaceConfigurations": []},
        "extensionProfile": {"extensions": [HEALTH_EXTENSION]},
    }
    profile |= properties.pop("profile", {})
    return {
        "id": FLEET_ID,
        "name": "web",
        "type": "Microsoft.Compute/virtualMachineScaleSets",
        "location": "West Europe",
        "zones": ["1", "2", "3"],
        "tags": {"fleetwright": "enabled"},
        "sku": {"name": "Standard_D2s_v3", "capacity": 15},
        "properties": {
            "orchestrationMode": "Uniform",
            "upgradePolicy": {
                "mode": "Rolling",
                "rollingUpgradePolicy": {"maxBatchInstancePercent": 10, "pauseTimeBetweenBatches": "PT2S"},
                "automaticOSUpgradePolicy": {
                    "enableAutomaticOSUpgrade": True,
                    "useRollingUpgradePolicy": True,
                },
            },
            "virtualMachineProfile": profile,
            "provisioningState": "Succeeded",
        }
        | properties,
    }


def extension(name: str, *codes: str) -> dict[str, Any]:
    """An extension of an instance view with its status codes."""
    return {"name": name, "statuses": [{"code": code, "level": "Info"} for code in codes]}


def instance(
    instance_id: str = "1", *, view: dict[str, Any] | None = None, **properties: object
) -> dict[str, Any]:
    """An instance that is well; ``view`` goes into its instance view."""
    shown = {
        "platformUpdateDomain": 4,
        "platformFaultDomain": 1,
        "vmHealth": {"status": {"code": "HealthState/healthy", "level": "Info"}},
        "extensions": [extension("health", "ProvisioningState/succeeded")],
        "statuses": [{"code": "ProvisioningState/succeeded"}, {"code": "PowerState/running"}],
    }
    return {
        "name": f"web_{instance_id}",
        "id": f"{FLEET_ID}/virtualMachines/{instance_id}",
        "instanceId": instance_id,
        "zones": ["2"],
        "properties": {
            "latestModelApplied": True,
            "provisioningState": "Succeeded",
            "storageProfile": {
                "imageReference": {"version": "latest", "exactVersion": "18.04.202401010"},
                "osDisk": {"name": "os", "managedDisk": {"id": f"{DISKS}/os-{instance_id}"}},
                "dataDisks": [
                    {"lun": 1, "caching": "readOnly", "managedDisk": {"id": f"{DISKS}/data-b"}},
                    {"lun": 0, "managedDisk": {"id": f"{DISKS}/data-a"}},
                ],
            },
            "instanceView": shown | (view or {}),
        }
        | properties,
    }
