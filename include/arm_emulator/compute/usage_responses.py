"""Route of a region's usages: vCPUs in use against their quotas."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from arm_emulator.compute.quotas import REGIONAL, UNLIMITED, limits, surge_limits, usage
from arm_emulator.resources.regions import region_name
from arm_emulator.wire.call import ArmReply
from arm_emulator.wire.router import COMPUTE_LOCATION, Route

if TYPE_CHECKING:
    from arm_emulator.wire.call import ArmCall
    from arm_emulator.world.world import World

_WORDS = {
    REGIONAL: "Total Regional vCPUs",
    "virtualMachines": "Virtual Machines",
    "virtualMachineScaleSets": "Virtual Machine Scale Sets",
}


def usage_routes() -> tuple[Route, ...]:
    """All of them."""
    return (Route("GET", f"{COMPUTE_LOCATION}/usages", list_usages),)


def list_usages(world: World, call: ArmCall) -> ArmReply:
    """What is used and what is allowed, the region's total first (N16)."""
    at = call.parameters
    location = region_name(at["location"])
    listed = limits(world, at["subscriptionId"], location)
    used = usage(world, at["subscriptionId"], location)
    known = {name.lower(): name for name in used}
    listed = {**surge_limits(world, at["subscriptionId"], location), **listed}
    limit_of = {known.get(name.lower(), name): limit for name, limit in listed.items()}
    names = dict.fromkeys((*used, *limit_of))
    return ArmReply.of({"value": [_usage(name, used[name], limit_of.get(name, UNLIMITED)) for name in names]})


def _usage(name: str, current: int, limit: int) -> dict[str, Any]:
    words = _WORDS.get(name) or f"{name.removesuffix('Family')} Family vCPUs"
    return {
        "name": {"value": name, "localizedValue": words},
        "currentValue": current,
        "limit": limit,
        "unit": "Count",
    }
