"""The CLI's JSON in ARM's shape: ``properties`` put back, names spelled as ARM spells them, nothing that is null."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from arm_emulator.importing.files import Place

_SPELLING: Mapping[str, str] = MappingProxyType(
    {
        "automaticOsUpgradePolicy": "automaticOSUpgradePolicy",
        "enableAutomaticOsUpgrade": "enableAutomaticOSUpgrade",
        "diskSizeGb": "diskSizeGB",
        "provisionVmAgent": "provisionVMAgent",
        "enableIpForwarding": "enableIPForwarding",
        "frontendIpConfigurations": "frontendIPConfigurations",
    }
)
"""Names as older versions of the CLI print them."""

_TOP = frozenset(
    {
        "id", "name", "type", "location", "tags", "sku", "zones", "plan", "identity", "etag", "extendedLocation",
        "instanceId", "resources", "systemData", "kind", "managedBy",
    }
)  # fmt: skip
_OF_A_PART = frozenset({"id", "name", "etag", "zones", "sku"})
_PARTS = frozenset({"networkInterfaceConfigurations", "ipConfigurations", "publicIPAddressConfiguration"})
_OWN_WORDS = frozenset({"tags", "settings", "protectedSettings"})
_EXTENSION_TYPES = ("typePropertiesType", "virtualMachineExtensionType", "type1")


def in_arm_shape(found: Mapping[str, Any], place: Place) -> dict[str, Any]:
    """A resource as ARM writes it, whichever way it was printed.

    :raises ImportRefusedError: ``properties`` is no object.
    """
    resource: dict[str, Any] = _cleaned(dict(found))
    resource.pop("resourceGroup", None)
    if "properties" in resource:
        place.at("properties").mapping(resource["properties"])
        return resource
    top = {key: value for key, value in resource.items() if key in _TOP}
    return {**top, "properties": {key: value for key, value in resource.items() if key not in _TOP}}


def part_in_arm_shape(found: Mapping[str, Any]) -> dict[str, Any]:
    """A part that has a name and properties of its own: an extension, a probe, a network interface."""
    if isinstance(found.get("properties"), dict):
        return dict(found)
    rest = {key: value for key, value in found.items() if key not in _OF_A_PART}
    kind = next((rest.pop(key) for key in _EXTENSION_TYPES if key in rest), None)
    if kind is not None:
        rest["type"] = kind
    return {**{key: value for key, value in found.items() if key in _OF_A_PART}, "properties": rest}


def _cleaned(value: Any) -> Any:  # noqa: ANN401 - any JSON
    if isinstance(value, list):
        return [_cleaned(entry) for entry in value]
    if not isinstance(value, dict):
        return value
    cleaned = {
        _SPELLING.get(key, key): entry if key in _OWN_WORDS else _cleaned(entry)
        for key, entry in value.items()
        if entry is not None and not (key == "resourceGroup" and "id" in value)
    }
    for key in _PARTS & cleaned.keys():
        if isinstance(cleaned[key], list):
            cleaned[key] = [part_in_arm_shape(p) if isinstance(p, dict) else p for p in cleaned[key]]
    return cleaned
