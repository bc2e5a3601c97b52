"""Routes of Microsoft.Network: load balancers and their probes, read only."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arm_emulator.arm_errors import ResourceNotFoundError
from arm_emulator.network.load_balancers import probes_of
from arm_emulator.wire.call import ArmReply
from arm_emulator.wire.paging import page_reply
from arm_emulator.wire.router import RESOURCE_GROUP, SUBSCRIPTION, Route

if TYPE_CHECKING:
    from arm_emulator.compute.model import JsonObject
    from arm_emulator.wire.call import ArmCall
    from arm_emulator.world.world import World

_LIST = "providers/Microsoft.Network/loadBalancers"
_LOAD_BALANCER = f"{RESOURCE_GROUP}/{_LIST}/{{loadBalancerName}}"


def network_routes() -> tuple[Route, ...]:
    """All of them."""
    return (
        Route("GET", f"{SUBSCRIPTION}/{_LIST}", list_load_balancers),
        Route("GET", f"{RESOURCE_GROUP}/{_LIST}", list_load_balancers),
        Route("GET", _LOAD_BALANCER, get_load_balancer),
        Route("GET", f"{_LOAD_BALANCER}/probes", list_probes),
        Route("GET", f"{_LOAD_BALANCER}/probes/{{probeName}}", get_probe),
    )


def list_load_balancers(world: World, call: ArmCall) -> ArmReply:
    """The load balancers of a subscription or of a resource group."""
    return page_reply(call, world.resources_below(world.load_balancers, call.parameters))


def get_load_balancer(world: World, call: ArmCall) -> ArmReply:
    """One load balancer with its probes."""
    return ArmReply.of(_addressed(world, call))


def list_probes(world: World, call: ArmCall) -> ArmReply:
    """The probes of a load balancer."""
    return page_reply(call, probes_of(_addressed(world, call)))


def get_probe(world: World, call: ArmCall) -> ArmReply:
    """One probe."""
    wanted = call.parameters["probeName"].lower()
    for probe in probes_of(_addressed(world, call)):
        if probe["name"].lower() == wanted:
            return ArmReply.of(probe)
    at = call.parameters
    raise ResourceNotFoundError(
        f"The Resource 'Microsoft.Network/loadBalancers/{at['loadBalancerName']}/probes/{at['probeName']}' under "
        f"resource group '{at['resourceGroupName']}' was not found."
    )


def _addressed(world: World, call: ArmCall) -> JsonObject:
    at = call.parameters
    return world.resource_named(
        world.load_balancers, at, resource_type="Microsoft.Network/loadBalancers", name=at["loadBalancerName"]
    )
