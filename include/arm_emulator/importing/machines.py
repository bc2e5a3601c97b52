"""The members of a Flexible scale set: virtual machines with names, which a world knows by numbers."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from arm_emulator.importing.files import Place

MACHINE_NAME = "machineName"
"""Where a member's own name stands, until its facts are written; absent where its number tells it."""

_LONGEST_NUMBER = 6


def is_flexible(fleet: dict[str, Any]) -> bool:
    """Whether the scale set's members are virtual machines of their own."""
    return str(fleet["properties"].get("orchestrationMode") or "").lower() == "flexible"


def number_machines(
    resources: list[dict[str, Any]], place: Place, fleet: dict[str, Any]
) -> list[dict[str, Any]]:
    """Give each machine a number as ``instanceId``: the one in its name, else the first that is free.

    :raises ImportRefusedError: one has no name, one that stands there twice, or is no member of the set.
    """
    names = [_name(resource, place.at(index), fleet) for index, resource in enumerate(resources)]
    for index, name in enumerate(names):
        if name.lower() in (earlier.lower() for earlier in names[:index]):
            place.at(index).at("name").refuse(f"{name!r} stands there twice")
    told = {name: number for name in names if (number := _number(name, str(fleet.get("name") or "")))}
    free = (str(number) for number in count() if str(number) not in told.values())
    return [
        {**resource, "instanceId": told[name]}
        if name in told
        else {**resource, "instanceId": next(free), MACHINE_NAME: name}
        for resource, name in zip(resources, names, strict=True)
    ]


def _name(resource: dict[str, Any], place: Place, fleet: dict[str, Any]) -> str:
    own_id = str(resource.get("id") or "")
    owner = str((resource["properties"].get("virtualMachineScaleSet") or {}).get("id") or "")
    parent = own_id.lower().partition("/virtualmachinescalesets/")[2].partition("/")[0]
    is_of_another = parent and parent != str(fleet["id"]).lower().rpartition("/")[2]
    if is_of_another or (owner and owner.lower() != str(fleet["id"]).lower()):
        place.at("id").refuse(f"{own_id!r} is no instance of {fleet['id']}")
    return place.at("name").text(resource.get("name") or own_id.rpartition("/")[2] or None)


def _number(name: str, fleet_name: str) -> str:
    """The number at the end of a name such as a world makes itself; empty where it is another name."""
    prefix, _, number = name.rpartition("_")
    is_plain = number.isdecimal() and len(number) <= _LONGEST_NUMBER and number == str(int(number))
    return number if is_plain and prefix == fleet_name else ""
