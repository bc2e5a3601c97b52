"""The world document of an imported scale set."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from arm_emulator.importing.files import ImportRefusedError, Place
from arm_emulator.importing.fleets import load_balancer_resource, scale_set_resource
from arm_emulator.importing.members import members
from arm_emulator.importing.pictures import image_sections
from arm_emulator.resource_ids import ScaleSetId
from arm_emulator.resources.regions import public_regions, region_name
from arm_emulator.world.errors import WorldError
from arm_emulator.world.validation import validated

if TYPE_CHECKING:
    from collections.abc import Iterable

    from arm_emulator.importing.members import Member
    from arm_emulator.importing.notes import Notes

_TIMES = ("created", "provisionedAt", "poweredAt", "healthAt")


def imported_world(
    scale_set: tuple[object, Place],
    instances: tuple[object, Place],
    load_balancers: Iterable[tuple[object, Place]],
    notes: Notes,
) -> dict[str, Any]:
    """Build a world.

    :param scale_set: the JSON of ``az vmss show``, and its file; likewise the others.
    :raises ImportRefusedError: something is not what the CLI prints, or what the emulator cannot hold.
    """
    fleet = scale_set_resource(*scale_set, notes)
    found = members(*instances, fleet, notes)
    balancers = [{"resource": load_balancer_resource(*balancer)} for balancer in load_balancers]
    _set_capacity(fleet, found, scale_set[1], notes)
    _note_probe(fleet, balancers, scale_set[1], notes)
    document: dict[str, Any] = {
        **_now(found, notes),
        "subscriptions": [{"id": ScaleSetId.parse(fleet["id"]).subscription}],
        **_locations(fleet, scale_set[1], notes),
        **image_sections(fleet, found, notes),
        **({"loadBalancers": balancers} if balancers else {}),
        "scaleSets": [{"resource": fleet, "x-emulator": _extras(found)}],
    }
    try:
        validated(document)
    except WorldError as error:
        raise ImportRefusedError(f"{scale_set[1].file}: the emulator cannot hold it: {error}") from None
    return document


def _set_capacity(fleet: dict[str, Any], found: list[Member], place: Place, notes: Notes) -> None:
    sku = place.at("sku").mapping(fleet.setdefault("sku", {}))
    if sku.get("capacity") != len(found):
        said = "is missing" if sku.get("capacity") is None else f"is {sku['capacity']}"
        notes.note(f"{place.file}: sku.capacity {said}; assumed {len(found)}, as there are so many instances")
        sku["capacity"] = len(found)


def _note_probe(fleet: dict[str, Any], balancers: list[dict[str, Any]], place: Place, notes: Notes) -> None:
    network = fleet["properties"]["virtualMachineProfile"].get("networkProfile") or {}
    probe = str((network.get("healthProbe") or {}).get("id") or "")
    ids = {str(b["resource"]["id"]).lower() for b in balancers}
    if probe and probe.lower().rpartition("/probes/")[0] not in ids:
        notes.note(
            f"{place.file}: the load balancer of health probe {probe} is not in the files (--load-balancer)"
        )


def _now(found: list[Member], notes: Notes) -> dict[str, str]:
    times = [str(m.facts[key]) for m in found for key in _TIMES if m.facts.get(key)]
    if not times:
        notes.note("no instance shows a time; the world's is assumed 2024-06-01T00:00:00Z")
        return {}
    return {"now": max(times, key=lambda text: text.removesuffix("Z"))}


def _locations(fleet: dict[str, Any], place: Place, notes: Notes) -> dict[str, Any]:
    name = region_name(fleet["location"])
    if name in public_regions().by_name:
        return {}
    notes.note(
        f"{place.file}: location {fleet['location']} is no public region known here; assumed without a pair"
    )
    return {"locations": [{"name": name, "zones": [str(zone) for zone in fleet.get("zones") or []]}]}


def _extras(found: list[Member]) -> dict[str, Any]:
    """``x-emulator``: the instances, each with its own facts."""
    versions = Counter(m.facts["exactVersion"] for m in found if "exactVersion" in m.facts)
    behind: list[dict[str, Any]] = []
    instances = {m.instance_id: _facts(m, behind) for m in found}
    extras: dict[str, Any] = {"imageVersion": versions.most_common(1)[0][0]} if versions else {}
    extras["instanceIds"] = [member.instance_id for member in found]
    if behind:
        extras["previousModels"] = behind
    return {**extras, "instances": instances}


def _facts(member: Member, behind: list[dict[str, Any]]) -> dict[str, Any]:
    facts = dict(member.facts)
    os_disk = facts.pop("os", None)
    imported = {**facts.pop("imported", {}), **({"osDisk": os_disk} if os_disk else {})}
    if member.model_behind is not None:
        model = {"virtualMachineProfile": member.model_behind}
        if model not in behind:
            behind.append(model)
        facts["previousModel"] = behind.index(model)
    return {**facts, **({"imported": imported} if imported else {})}
