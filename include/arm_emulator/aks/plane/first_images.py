"""The node image that a new pool begins with."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from arm_emulator.aks.plane.pool_view import is_windows

if TYPE_CHECKING:
    from collections.abc import Mapping

    from arm_emulator.aks.cluster import ManagedCluster
    from arm_emulator.compute.model import JsonObject

FIRST_IMAGE = "AKSUbuntu-2204gen2containerd-202401.01.0"
"""What nodes run where nothing says it."""

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
    sku = _sku(properties)
    for sibling in cluster.pools.values():
        usual = "windows2022" if is_windows(sibling) else "ubuntu"
        if str(sibling.properties.get("osSKU") or usual).lower() == sku:
            return sibling.image
    return _OF_SKU.get(sku, FIRST_IMAGE)


def is_of_sku(image: str, properties: JsonObject) -> bool:
    """Whether an image is of the system of a pool's OS SKU; a SKU that is not known here may have any.

    >>> is_of_sku("AKSUbuntu-2204gen2containerd-202401.01.0", {"osType": "Windows"})
    False
    """
    usual = _OF_SKU.get(_sku(properties), image)
    return _system(image) == _system(usual)


def _sku(properties: JsonObject) -> str:
    windows = str(properties.get("osType", "")).lower() == "windows"
    return str(properties.get("osSKU") or ("windows2022" if windows else "ubuntu")).lower()


def _system(image: str) -> str:
    return image.replace(":", "-").partition("-")[0].lower()
