"""ARM URLs: quoted paths, and the api-version of each resource type in one table."""

from __future__ import annotations

from urllib.parse import quote, urlencode

SCALE_SETS = "Microsoft.Compute/virtualMachineScaleSets"
PLATFORM_IMAGES = "Microsoft.Compute/locations/publishers"
GALLERIES = "Microsoft.Compute/galleries"
LOAD_BALANCERS = "Microsoft.Network/loadBalancers"
SERVICE_FABRIC = "Microsoft.ServiceFabric/clusters"

# reimage heeds exactVersion from 2023-03-01 on (O5); automaticOSUpgradePolicy exists from 2018-10-01 on (R17).
API_VERSIONS = {
    SCALE_SETS: "2024-07-01",
    PLATFORM_IMAGES: "2024-07-01",
    GALLERIES: "2024-03-03",
    LOAD_BALANCERS: "2024-05-01",
    SERVICE_FABRIC: "2021-06-01",
}


def arm_url(endpoint_url: str, path: str, resource_type: str, /, api_version: str = "", **query: str) -> str:
    """A URL for a call of ours; links that Azure gives are never built nor rebuilt.

    :param api_version: instead of the table's
    :param path: an ARM path, unquoted; words that may hold a slash go through ``segment`` first
    :param query: further parameters; ``expand="instanceView"`` becomes ``$expand=instanceView``
    """
    odata = {f"${name}": value for name, value in query.items()}
    parameters = urlencode({"api-version": api_version or API_VERSIONS[resource_type], **odata}, safe="$")
    return f"{endpoint_url}{quote(path, safe='/%')}?{parameters}"


def segment(word: str) -> str:
    """One word of a path, quoted."""
    return quote(word, safe="")
