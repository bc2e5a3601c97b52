"""The node image that a new pool begins with."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from arm_emulator.aks.loading import FIRST_IMAGE
from arm_emulator.aks.plane.pool_view import is_windows

if TYPE_CHECKING:
    from collections.abc import Mapping

    from arm_emulator.aks.cluster import ManagedCluster
    from arm_emulator.compute.model import JsonObject

_OF_SKU: Mapping[str, str] = MappingProxyType(
    {
        "ubuntu": FIRST_IMAGE,
        "ubuntu2204": FIRST_IMAGE,
        "azurelinux": "AKSAzureLinux-V2gen2-202401.01.0",
        "azurelinux3": "AKSAzureLinux-V3gen2-202401.01.0",
        "mariner": "AKSCBLMariner-V2gen2-202401.01.0",
        "cblmariner": "AKSCBLMariner-V2gen2-202401.01.0",
        "windows2019": "AKSWindows-2019-containerd-17763.5329.240110",
        "windows2022": "AKSWindows-2022-containerd-20348.2227.240110",
    }
)


def first_image(cluster: ManagedCluster, properties: JsonObject) -> str:
    """One of the family of an OS SKU: what a sibling of that SKU has, or else an image of the beginning of 2024."""
    windows = str(properties.get("osType", "")).lower() == "windows"
    sku = str(properties.get("osSKU") or ("windows2022" if windows else "ubuntu")).lower()
    for sibling in cluster.pools.values():
        usual = "windows2022" if is_windows(sibling) else "ubuntu"
        if str(sibling.properties.get("osSKU") or usual).lower() == sku:
            return sibling.image
    return _OF_SKU.get(sku, FIRST_IMAGE)
