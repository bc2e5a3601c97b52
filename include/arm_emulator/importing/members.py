"""The instances of an imported scale set: of each what sets it apart from a new one."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from arm_emulator.compute.extensions import extensions_of
from arm_emulator.compute.health_source import health_source_of
from arm_emulator.importing.arm_shape import in_arm_shape
from arm_emulator.importing.machines import MACHINE_NAME, is_flexible, number_machines
from arm_emulator.importing.views import extension_facts, instant_of, statuses, view_facts

if TYPE_CHECKING:
    from arm_emulator.importing.files import Place
    from arm_emulator.importing.notes import Notes

_LASTING = frozenset({"Succeeded", "Failed"})


@dataclass(frozen=True, slots=True)
class Member:
    """One instance.

    :param image: its image reference, with the ``exactVersion`` that it runs.
    :param facts: what the world document says of it.
    :param model_behind: the profile that it runs, where that is not the scale set's.
    """

    instance_id: str
    image: dict[str, Any]
    facts: dict[str, Any]
    model_behind: dict[str, Any] | None


def members(found: object, place: Place, fleet: dict[str, Any], notes: Notes) -> list[Member]:
    """All instances, in the order of their numbers.

    :param fleet: the scale set's resource.
    :raises ImportRefusedError: it is not what ``az vmss list-instances`` prints.
    """
    listed, where = found, place
    if isinstance(found, dict):
        listed, where = found.get("value"), place.at("value")
        if not isinstance(listed, list):
            where.refuse("is missing; an array of instances or an object with one as value was expected")
        if found.get("nextLink"):
            notes.note(
                f"{place.file}: nextLink: there are more instances than this page has; they are left out"
            )
    entries = [where.at(index).mapping(entry) for index, entry in enumerate(where.listed(listed))]
    resources = [in_arm_shape(entry, where.at(index)) for index, entry in enumerate(entries)]
    if is_flexible(fleet):
        resources = number_machines(resources, where, fleet)
    seen: dict[str, Member] = {}
    for index, resource in enumerate(resources):
        member = _member(resource, where.at(index), fleet, notes)
        if member.instance_id in seen:
            where.at(index).at("instanceId").refuse(f"{member.instance_id!r} stands there twice")
        seen[member.instance_id] = member
    return sorted(seen.values(), key=lambda member: int(member.instance_id))


def _member(resource: dict[str, Any], place: Place, fleet: dict[str, Any], notes: Notes) -> Member:
    instance_id = place.at("instanceId").text(resource.get("instanceId"))
    if not instance_id.isdecimal():
        place.at("instanceId").refuse(f"{instance_id!r} is no number, as those of Uniform scale sets are")
    if not is_flexible(fleet):
        _require_member(str(resource.get("id") or ""), place, fleet)
    properties = resource["properties"]
    storage = place.at("storageProfile").mapping(properties.get("storageProfile") or {})
    image = place.at("storageProfile").at("imageReference").mapping(storage.get("imageReference") or {})
    called = str(resource.get(MACHINE_NAME) or instance_id)
    facts = {
        **_identity(resource, place),
        **_version(image, notes, called),
        **_disks(storage, place.at("storageProfile"), notes, called),
        **_provisioning(properties, place, notes, called),
    }
    behind = _view(properties, place, facts, fleet, notes, called)
    return Member(instance_id, image, facts, behind)


def _require_member(instance_resource_id: str, place: Place, fleet: dict[str, Any]) -> None:
    prefix = f"{fleet['id']}/virtualMachines/".lower()
    if instance_resource_id and not instance_resource_id.lower().startswith(prefix):
        place.at("id").refuse(f"{instance_resource_id!r} is no instance of {fleet['id']}")


def _identity(resource: dict[str, Any], place: Place) -> dict[str, Any]:
    properties = resource["properties"]
    computer = place.at("osProfile").mapping(properties.get("osProfile") or {}).get("computerName")
    zones = place.at("zones").listed(resource.get("zones"))
    imported = {"name": resource.get(MACHINE_NAME), "vmId": properties.get("vmId"), "computerName": computer}
    facts = {
        "zone": str(zones[0]) if zones else None,
        "faultDomain": properties.get("platformFaultDomain"),
        "tags": place.at("tags").mapping(resource["tags"]) if resource.get("tags") else None,
        "created": instant_of(properties.get("timeCreated"), place.at("timeCreated")),
        "protectionPolicy": _protection(properties, place.at("protectionPolicy")),
        "imported": {key: value for key, value in imported.items() if value} or None,
    }
    return {key: value for key, value in facts.items() if value is not None}


def _protection(properties: dict[str, Any], place: Place) -> dict[str, bool] | None:
    said = place.mapping(properties.get("protectionPolicy") or {})
    flags: dict[str, bool] = {
        name: said[name] for name in ("protectFromScaleIn", "protectFromScaleSetActions") if name in said
    }
    for name, flag in flags.items():
        if not isinstance(flag, bool):
            place.at(name).refuse(f"{flag!r} is neither true nor false")
    return flags or None


def _version(image: dict[str, Any], notes: Notes, instance: str) -> dict[str, Any]:
    if image.get("exactVersion"):
        return {"exactVersion": str(image["exactVersion"])}
    notes.note("exactVersion is missing; assumed what most instances run", instance=instance)
    return {}


def _disks(storage: dict[str, Any], place: Place, notes: Notes, instance: str) -> dict[str, Any]:
    facts: dict[str, Any] = {}
    os_disk = place.at("osDisk").mapping(storage.get("osDisk") or {})
    if not os_disk.get("name"):
        notes.note("osDisk.name is missing; a name is made up", instance=instance)
    else:
        facts["os"] = os_disk
    if str(os_disk.get("deleteOption")).lower() == "detach":
        facts["osDiskDeleteOption"] = "Detach"
    data_disks = place.at("dataDisks").listed(storage.get("dataDisks"))
    for index, disk in enumerate(data_disks):
        where = place.at("dataDisks").at(index)
        if type(where.mapping(disk).get("lun")) is not int:
            where.at("lun").refuse(f"{disk.get('lun')!r} where a number was expected")
    return {**facts, "ownDataDisks": data_disks}


def _provisioning(properties: dict[str, Any], place: Place, notes: Notes, instance: str) -> dict[str, Any]:
    state = properties.get("provisioningState")
    facts: dict[str, Any] = {}
    if state not in _LASTING:
        words = "is missing" if state is None else f"is {state}, which does not last"
        notes.note(f"provisioningState {words}; assumed Succeeded", instance=instance)
    elif state == "Failed":
        facts["provisioningState"] = "Failed"
    view = place.at("instanceView").mapping(properties.get("instanceView") or {})
    for code, time in statuses(view, place.at("instanceView")):
        kind, _, rest = code.partition("/")
        if kind.lower() == "provisioningstate":
            failure = rest.partition("/")[2]
            facts.update({"failure": failure} if failure and state == "Failed" else {})
            facts.update({"provisionedAt": time} if time else {})
    return facts


def _view(
    properties: dict[str, Any],
    place: Place,
    facts: dict[str, Any],
    fleet: dict[str, Any],
    notes: Notes,
    instance: str,
) -> dict[str, Any] | None:
    """Add what the view tells; the profile that the instance runs, where that is an older one."""
    where = place.at("instanceView")
    profile = fleet["properties"]["virtualMachineProfile"]
    if properties.get("latestModelApplied") is None:
        notes.note("latestModelApplied is missing; assumed true", instance=instance)
    is_behind = properties.get("latestModelApplied") is False
    view = where.mapping(properties.get("instanceView") or {})
    if not view:
        notes.note(
            "instanceView is missing (--expand instanceView); assumed running and healthy", instance=instance
        )
        return copy.deepcopy(profile) if is_behind else None
    facts.update(view_facts(view, where, notes, instance))
    results, metrics = extension_facts(view, where)
    facts.update({"customMetrics": metrics} if metrics else {})
    reported = {result["name"] for result in results}
    behind = _older_profile(profile, reported, has_health="health" in facts) if is_behind else None
    if behind is not None:
        notes.note(
            "latestModelApplied is false and the older model is not in the files; assumed the scale set's with the "
            "extensions that they report",
            instance=instance,
        )
    if "health" not in facts and health_source_of(behind or profile) is not None:
        facts.update({"health": "initializing", "healthWord": "never"})
        notes.note(
            "vmHealth is missing though the model has a health source; assumed initializing",
            instance=instance,
        )
    _extensions(facts, results, behind or profile, notes, instance)
    return behind


def _older_profile(profile: dict[str, Any], reported: set[str], *, has_health: bool) -> dict[str, Any]:
    older = copy.deepcopy(profile)
    extensions = (older.get("extensionProfile") or {}).get("extensions") or []
    if extensions:
        kept = [entry for entry in extensions if entry.get("name") in reported]
        older["extensionProfile"]["extensions"] = kept
    if not has_health:
        (older.get("networkProfile") or {}).pop("healthProbe", None)
    return older


def _extensions(
    facts: dict[str, Any], results: list[dict[str, Any]], profile: dict[str, Any], notes: Notes, instance: str
) -> None:
    known = {extension.name for extension in extensions_of(profile)}
    at = facts.get("provisionedAt") or facts.get("created")
    kept = [{**result, "at": result["at"] or at} for result in results if result["name"] in known]
    for result in results:
        if result["name"] not in known:
            notes.note(
                f"extension {result['name']} is not in the scale set's model; it is left out",
                instance=instance,
            )
    for name in sorted(known - {result["name"] for result in kept}):
        notes.note(f"extension {name} shows no final status; assumed that it has not run", instance=instance)
    if all(result["at"] for result in kept):
        facts["extensions"] = kept
    elif kept:
        notes.note("extensions show no time; assumed succeeded", instance=instance)
