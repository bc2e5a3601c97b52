"""``instanceView`` of an instance: statuses in Azure's codes and words."""

from __future__ import annotations

import json
from types import MappingProxyType
from typing import TYPE_CHECKING

from arm_emulator.compute.instance import HealthState, Power, Provisioning, Step
from arm_emulator.instants import admin_instant, arm_instant
from arm_emulator.seeded import guid

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from arm_emulator.compute.extensions import Extension
    from arm_emulator.compute.instance import Instance
    from arm_emulator.compute.model import JsonObject
    from arm_emulator.compute.scale_set import ScaleSet

_POWER_WORDS: Mapping[Power, str] = MappingProxyType(
    {
        Power.RUNNING: "VM running",
        Power.STARTING: "VM starting",
        Power.STOPPED: "VM stopped",
        Power.DEALLOCATED: "VM deallocated",
        Power.STOPPING: "VM stopping",
        Power.DEALLOCATING: "VM deallocating",
    }
)
_PROVISIONING_WORDS: Mapping[Provisioning, str] = MappingProxyType(
    {
        Provisioning.SUCCEEDED: "Provisioning succeeded",
        Provisioning.UPDATING: "Updating",
        Provisioning.CREATING: "Creating",
        Provisioning.FAILED: "Provisioning failed",
    }
)
_HEALTH_WORDS: Mapping[HealthState, str] = MappingProxyType(
    {
        HealthState.HEALTHY: "The VM is reporting itself as healthy or is known to be healthy.",
        HealthState.UNHEALTHY: "The VM is reporting itself as unhealthy or is known to be unhealthy.",
        HealthState.INITIALIZING: "The VM has not reported its health yet.",
        HealthState.UNKNOWN: "The health of the VM is not known.",
    }
)
_HEALTH_LEVELS: Mapping[HealthState, str] = MappingProxyType(
    {
        HealthState.HEALTHY: "Info",
        HealthState.UNHEALTHY: "Error",
        HealthState.INITIALIZING: "Info",
        HealthState.UNKNOWN: "Warning",
    }
)


def instance_view(scale_set: ScaleSet, instance: Instance) -> JsonObject:
    """The whole view of one instance."""
    view: JsonObject = {
        "placementGroupId": guid("placement group", scale_set.key),
        "platformUpdateDomain": instance.update_domain,
        "platformFaultDomain": instance.fault_domain,
        "computerName": computer_name(instance),
        "osName": instance.model.os_type.lower(),
        "hyperVGeneration": "V2",
        "vmAgent": _agent(instance),
        "disks": [],
        "extensions": _extensions(instance),
        "statuses": [_provisioning(instance), _power(instance)],
    }
    if instance.model.has_health_source:
        view["vmHealth"] = {"status": _health(instance)}
    return view


def computer_name(instance: Instance) -> str:
    """The prefix and the instance's number in base 36, six digits."""
    imported = (instance.imported or {}).get("computerName")
    if imported:
        return str(imported)
    prefix = (instance.model.profile.get("osProfile") or {}).get("computerNamePrefix") or "vm"
    digits, number = "", int(instance.instance_id)
    for _ in range(6):
        number, digit = divmod(number, 36)
        digits = "0123456789abcdefghijklmnopqrstuvwxyz"[digit] + digits
    return f"{prefix}{digits}"


def provisioning_code(instance: Instance) -> str:
    """``ProvisioningState/…``, with the error's code when it failed."""
    code = f"ProvisioningState/{instance.provisioning.lower()}"
    return f"{code}/{instance.failure}" if instance.failure else code


def extension_codes(instance: Instance) -> dict[str, str]:
    """``ProvisioningState/…`` of each extension that has run or is running, by name."""
    codes = {
        result.name: f"ProvisioningState/{'succeeded' if result.succeeded else 'failed'}"
        for result in instance.extensions
    }
    if instance.step is Step.EXTENDING and instance.change is not None:
        codes[instance.change.extensions[instance.change.position]] = "ProvisioningState/updating"
    return codes


def _status(code: str, words: str, at: datetime, level: str = "Info") -> JsonObject:
    return {"code": code, "level": level, "displayStatus": words, "time": arm_instant(at)}


def _provisioning(instance: Instance) -> JsonObject:
    level = "Error" if instance.provisioning is Provisioning.FAILED else "Info"
    words = _PROVISIONING_WORDS[instance.provisioning]
    return _status(provisioning_code(instance), words, instance.provisioned_at, level)


def _power(instance: Instance) -> JsonObject:
    return _status(
        f"PowerState/{instance.shown_power}", _POWER_WORDS[instance.shown_power], instance.powered_at
    )


def _health(instance: Instance) -> JsonObject:
    health = instance.shown_health
    return _status(f"HealthState/{health}", _HEALTH_WORDS[health], instance.health_at, _HEALTH_LEVELS[health])


def _agent(instance: Instance) -> JsonObject:
    if instance.shown_power is not Power.RUNNING:
        status = _status("ProvisioningState/Unavailable", "Not Ready", instance.powered_at, "Warning")
    else:
        status = _status("ProvisioningState/succeeded", "Ready", instance.powered_at)
    return {"vmAgentVersion": "2.11.1.4", "statuses": [status], "extensionHandlers": []}


def _extensions(instance: Instance) -> list[JsonObject]:
    codes = extension_codes(instance)
    times = {result.name: result.at for result in instance.extensions}
    return [
        _extension(
            instance, extension, codes[extension.name], times.get(extension.name, instance.provisioned_at)
        )
        for extension in instance.model.extensions
        if extension.name in codes
    ]


def _extension(instance: Instance, extension: Extension, code: str, at: datetime) -> JsonObject:
    words = {"succeeded": "Provisioning succeeded", "failed": "Provisioning failed"}
    outcome = code.rpartition("/")[2]
    level = "Error" if outcome == "failed" else "Info"
    shown: JsonObject = {
        "name": extension.name,
        "type": f"{extension.publisher}.{extension.type}",
        "typeHandlerVersion": extension.type_handler_version,
        "statuses": [_status(code, words.get(outcome, "Updating"), at, level)],
    }
    if outcome == "failed" and extension.is_locked_out_at(at):
        shown["statuses"][0]["message"] = lock_out_words(extension)
    metrics = _custom_metrics(instance, extension, at)
    return {**shown, "substatuses": [metrics]} if metrics and outcome == "succeeded" else shown


def lock_out_words(extension: Extension) -> str:
    """Why an extension failed whose credentials have expired; the token itself is not shown."""
    expiry = extension.credentials_expire
    when = "" if expiry is None else f" at {admin_instant(expiry)}"
    return f"A SAS token in the settings of extension '{extension.name}' expired{when}."


def _custom_metrics(instance: Instance, extension: Extension, at: datetime) -> JsonObject | None:
    """The substatus of the health extension; its message is JSON within JSON, as Azure has it (N19)."""
    source = instance.model.health_source
    if instance.custom_metrics is None or source is None or source.extension != extension.name:
        return None
    if not source.takes_custom_metrics:
        return None
    message = json.dumps({"rollingUpgrade": instance.custom_metrics}, separators=(",", ":"))
    status = _status("ComponentStatus/CustomMetrics/succeeded", "Provisioning succeeded", at)
    return {**status, "message": message}
