"""Scale sets as ARM shows them, and the summary of their instances."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from arm_emulator.compute.credentials import without_secrets
from arm_emulator.compute.instance_view import extension_codes, provisioning_code
from arm_emulator.compute.repairs import service_state
from arm_emulator.instants import arm_instant, parse_instant

if TYPE_CHECKING:
    from collections.abc import Iterable

    from arm_emulator.compute.model import JsonObject
    from arm_emulator.compute.scale_set import ScaleSet


def scale_set_etag(scale_set: ScaleSet) -> str:
    """The entity tag of a scale set: it changes with every PUT and PATCH, and with its capacity."""
    return f'"{scale_set.etag:x}"'


def scale_set_resource(scale_set: ScaleSet) -> JsonObject:
    """The scale set as ARM shows it."""
    return {**without_secrets(scale_set.resource), "id": scale_set.id.text, "etag": scale_set_etag(scale_set)}


def summary(scale_set: ScaleSet) -> JsonObject:
    """``instanceView`` of the set: how many instances show which status."""
    instances = scale_set.instances.values()
    by_extension: dict[str, list[str]] = {extension.name: [] for extension in scale_set.model.extensions}
    for instance in instances:
        for name, code in extension_codes(instance).items():
            by_extension.setdefault(name, []).append(code)
    created = parse_instant(scale_set.resource["properties"]["timeCreated"])
    return {
        "virtualMachine": {
            "statusesSummary": _counted(provisioning_code(instance) for instance in instances)
        },
        "extensions": [
            {"name": name, "statusesSummary": _counted(codes)} for name, codes in by_extension.items()
        ],
        "statuses": [
            {
                "code": "ProvisioningState/succeeded",
                "level": "Info",
                "displayStatus": "Provisioning succeeded",
                "time": arm_instant(created),
            }
        ],
        "orchestrationServices": [
            {"serviceName": "AutomaticRepairs", "serviceState": service_state(scale_set).value}
        ],
    }


def _counted(codes: Iterable[str]) -> list[JsonObject]:
    return [{"code": code, "count": count} for code, count in sorted(Counter(codes).items())]
