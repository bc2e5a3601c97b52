"""The scale set's own resource."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from arm_emulator.importing.arm_shape import in_arm_shape, part_in_arm_shape
from arm_emulator.resource_ids import ScaleSetId

if TYPE_CHECKING:
    from arm_emulator.importing.files import Place
    from arm_emulator.importing.notes import Notes


def scale_set_resource(found: object, place: Place, notes: Notes) -> dict[str, Any]:
    """The resource as a world has it.

    :raises ImportRefusedError: it is not what ``az vmss show`` prints.
    """
    if isinstance(found, list):
        place.refuse("an array where one scale set was expected, as az vmss show prints it")
    resource = in_arm_shape(place.mapping(found), place)
    try:
        ScaleSetId.parse(place.at("id").text(resource.get("id")))
    except ValueError as error:
        if resource.get("id"):
            place.at("id").refuse(str(error))
        raise
    place.at("location").text(resource.get("location"))
    _complete_profile(resource["properties"], place, notes)
    if resource["properties"].get("provisioningState") not in {None, "Succeeded"}:
        state = resource["properties"]["provisioningState"]
        notes.note(f"{place.file}: provisioningState is {state}; assumed Succeeded")
        resource["properties"]["provisioningState"] = "Succeeded"
    return resource


def _complete_profile(properties: dict[str, Any], place: Place, notes: Notes) -> None:
    where = place.at("virtualMachineProfile")
    if properties.get("virtualMachineProfile") is None:
        where.refuse("is missing; this is not what az vmss show prints for a scale set with a profile")
    profile = where.mapping(properties["virtualMachineProfile"])
    below = where.at("extensionProfile")
    extension_profile = below.mapping(profile.get("extensionProfile") or {})
    listed = below.at("extensions").listed(extension_profile.get("extensions"))
    shaped = [
        part_in_arm_shape(below.at("extensions").at(index).mapping(entry))
        for index, entry in enumerate(listed)
    ]
    if shaped:
        profile["extensionProfile"] = {**extension_profile, "extensions": shaped}
        notes.note(
            f"{place.file}: protectedSettings of extensions are never shown; assumed that there are none"
        )


def load_balancer_resource(found: object, place: Place) -> dict[str, Any]:
    """A load balancer as a world has it.

    :raises ImportRefusedError: it is not what ``az network lb show`` prints.
    """
    resource = in_arm_shape(place.mapping(found), place)
    place.at("id").text(resource.get("id"))
    where = place.at("probes")
    probes = where.listed(resource["properties"].get("probes"))
    resource["properties"]["probes"] = [
        _probe(part_in_arm_shape(where.at(index).mapping(entry))) for index, entry in enumerate(probes)
    ]
    return resource


def _probe(shaped: dict[str, Any]) -> dict[str, Any]:
    shaped["properties"].pop("type", None)
    return shaped
