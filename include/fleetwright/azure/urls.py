"""ARM URLs: quoted paths, and the api-version of each resource type in one table."""

from __future__ import annotations

from urllib.parse import quote, urlencode

from fleetwright.domain.fleets import Fleet, FleetId
from fleetwright.domain.images import ImageReference

SCALE_SETS = "Microsoft.Compute/virtualMachineScaleSets"
VIRTUAL_MACHINES = "Microsoft.Compute/virtualMachines"
DISKS = "Microsoft.Compute/disks"
PLATFORM_IMAGES = "Microsoft.Compute/locations/publishers"
GALLERIES = "Microsoft.Compute/galleries"
LOAD_BALANCERS = "Microsoft.Network/loadBalancers"
USAGES = "Microsoft.Compute/locations/usages"
SERVICE_FABRIC = "Microsoft.ServiceFabric/clusters"
SUBSCRIPTIONS = "Microsoft.Resources/subscriptions"
FEATURES = "Microsoft.Features/providers/features"
BATCH_ACCOUNTS = "Microsoft.Batch/batchAccounts"
BATCH_NODES = "Microsoft.Batch data plane"
CLUSTERS = "Microsoft.ContainerService/managedClusters"
MACHINES = "Microsoft.ContainerService/managedClusters/agentPools/machines"
PROVIDERS = "Microsoft.Resources/providers"

# reimage heeds exactVersion from 2023-03-01 on (O5); automaticOSUpgradePolicy exists from 2018-10-01 on (R17).
# undrainableNodeBehavior, maxUnavailable and recentlyUsedVersions are all in the version of clusters below (N32, N34);
# machines show their nodeImageVersion and provisioningState in previews only.
# The data plane of Batch tells upgradingos apart and shows images' exactVersion in the version below (C4).
API_VERSIONS = {
    SCALE_SETS: "2024-07-01",
    VIRTUAL_MACHINES: "2024-07-01",
    DISKS: "2024-03-02",
    PLATFORM_IMAGES: "2024-07-01",
    GALLERIES: "2024-03-03",
    LOAD_BALANCERS: "2024-05-01",
    USAGES: "2024-07-01",
    SERVICE_FABRIC: "2021-06-01",
    SUBSCRIPTIONS: "2022-12-01",
    FEATURES: "2021-07-01",
    BATCH_ACCOUNTS: "2024-07-01",
    BATCH_NODES: "2024-07-01.20.0",
    CLUSTERS: "2026-08-01",
    MACHINES: "2026-04-02-preview",
    PROVIDERS: "2021-04-01",
}


def arm_url(endpoint_url: str, path: str, resource_type: str, /, api_version: str = "", **query: str) -> str:
    """A URL for a call of ours; links that Azure gives are never built nor rebuilt.

    :param api_version: instead of the table's
    :param path: an ARM path, unquoted; words that may hold a slash go through ``segment`` first
    :param query: further parameters; ``expand="instanceView"`` becomes ``$expand=instanceView``
    """
    odata = {f"${name}": value for name, value in query.items()}
    values = {"api-version": api_version or API_VERSIONS[resource_type], **odata}
    parameters = urlencode(
        values, safe="$", quote_via=quote
    )  # a space as %20: not everybody reads a plus as one
    return f"{endpoint_url}{quote(path, safe='/%')}?{parameters}"


def machine_url(endpoint_url: str, fleet_id: FleetId, name: str, action: str = "", **query: str) -> str:
    """A URL of a virtual machine of a Flexible set, or of an action on it."""
    path = (
        f"/subscriptions/{fleet_id.subscription}/resourceGroups/{fleet_id.resource_group}"
        f"/providers/{VIRTUAL_MACHINES}/{segment(name)}"
    )
    below = f"/{action}" if action else ""
    return arm_url(endpoint_url, f"{path}{below}", VIRTUAL_MACHINES, **query)


def machine_view_url(endpoint_url: str, fleet_id: FleetId, name: str) -> str:
    """Where to read a virtual machine of a Flexible set with its instance view."""
    return machine_url(endpoint_url, fleet_id, name, expand="instanceView")


def machines_url(endpoint_url: str, fleet_id: FleetId) -> str:
    """Where to list the virtual machines of a Flexible set with their instance views.

    The ``$filter`` is the only one of ``VirtualMachines_List``, and ``$expand`` is taken with it alone.
    """
    path = (
        f"/subscriptions/{fleet_id.subscription}/resourceGroups/{fleet_id.resource_group}"
        f"/providers/{VIRTUAL_MACHINES}"
    )
    members = f"'virtualMachineScaleSet/id' eq '{fleet_id.resource_id}'"
    return arm_url(endpoint_url, path, VIRTUAL_MACHINES, filter=members, expand="instanceView")


def platform_versions_url(endpoint_url: str, fleet: Fleet, image: ImageReference, version: str = "") -> str:
    """Where the fleet's region lists the versions of a platform image, or shows one of them (R41)."""
    path = (
        f"/subscriptions/{fleet.fleet_id.subscription}/providers/Microsoft.Compute"
        f"/locations/{segment(fleet.location)}/publishers/{segment(image.publisher)}"
        f"/artifacttypes/vmimage/offers/{segment(image.offer)}/skus/{segment(image.sku)}/versions"
    )
    below = f"/{segment(version)}" if version else ""
    return arm_url(endpoint_url, f"{path}{below}", PLATFORM_IMAGES)


def segment(word: str) -> str:
    """One word of a path, quoted."""
    return quote(word, safe="")
