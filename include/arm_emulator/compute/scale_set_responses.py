"""Routes of scale sets: get, put, patch, lists, summary."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arm_emulator.compute.actions import begin_immediate_operation
from arm_emulator.compute.addressing import addressed_scale_set, refuse_owned
from arm_emulator.compute.model_changes import create_scale_set, merge_into_scale_set, replace_scale_set
from arm_emulator.compute.scale_set_view import scale_set_etag, scale_set_resource, summary
from arm_emulator.operations.links import poll_headers
from arm_emulator.resource_ids import scale_set_id
from arm_emulator.resources.regions import region_name
from arm_emulator.wire.api_versions import keep_newer_properties, refuse_newer_properties
from arm_emulator.wire.call import ArmReply
from arm_emulator.wire.paging import paged
from arm_emulator.wire.preconditions import require_match
from arm_emulator.wire.router import COMPUTE_LOCATION, RESOURCE_GROUP, SCALE_SET, SUBSCRIPTION, Route

if TYPE_CHECKING:
    from collections.abc import Iterable

    from arm_emulator.compute.scale_set import ScaleSet
    from arm_emulator.wire.call import ArmCall
    from arm_emulator.world.world import World

_LIST = "providers/Microsoft.Compute/virtualMachineScaleSets"


def scale_set_routes() -> tuple[Route, ...]:
    """All of them."""
    return (
        Route("GET", SCALE_SET, get, only_reads=True),
        Route("PUT", SCALE_SET, put),
        Route("PATCH", SCALE_SET, patch),
        Route("GET", f"{RESOURCE_GROUP}/{_LIST}", list_in_resource_group, only_reads=True),
        Route("GET", f"{SUBSCRIPTION}/{_LIST}", list_in_subscription, only_reads=True),
        Route("GET", f"{COMPUTE_LOCATION}/virtualMachineScaleSets", list_in_location, only_reads=True),
        Route("GET", f"{SCALE_SET}/instanceView", get_instance_view),
    )


def get(world: World, call: ArmCall) -> ArmReply:
    """The scale set."""
    call.expects("$expand", frozenset({"userdata"}))
    scale_set = addressed_scale_set(world, call)
    return ArmReply.of(scale_set_resource(scale_set), headers={"ETag": scale_set_etag(scale_set)})


def put(world: World, call: ArmCall) -> ArmReply:
    """Create a scale set, or replace the one that is there."""
    at = call.parameters
    body = call.json_object()
    refuse_newer_properties(call.api_version, body)
    world.subscription(at["subscriptionId"])
    wanted = scale_set_id(at["subscriptionId"], at["resourceGroupName"], at["vmScaleSetName"])
    there = world.scale_sets.get(wanted.lower())
    require_match(call.headers, None if there is None else scale_set_etag(there))
    if there is None:
        return _accepted(world, call, create_scale_set(world, wanted, body), status=201, state="Creating")
    refuse_owned(there)
    keep_newer_properties(call.api_version, there.resource, body)
    replace_scale_set(world, there, body, call.disruption)
    return _accepted(world, call, there)


def patch(world: World, call: ArmCall) -> ArmReply:
    """Merge a body into the scale set."""
    scale_set = addressed_scale_set(world, call)
    body = call.json_object()
    refuse_newer_properties(call.api_version, body)
    require_match(call.headers, scale_set_etag(scale_set))
    refuse_owned(scale_set)
    merge_into_scale_set(world, scale_set, body, call.disruption)
    return _accepted(world, call, scale_set)


def _accepted(
    world: World, call: ArmCall, scale_set: ScaleSet, *, status: int = 200, state: str = "Updating"
) -> ArmReply:
    operation = begin_immediate_operation(
        world, scale_set, result_path=scale_set.id.text, disruption=call.disruption
    )
    resource = scale_set_resource(scale_set)
    resource["properties"] = {**resource["properties"], "provisioningState": state}
    headers = poll_headers(world, call.base_url, operation)
    del headers["Location"]
    return ArmReply.of(resource, status=status, headers={**headers, "ETag": scale_set_etag(scale_set)})


def list_in_resource_group(world: World, call: ArmCall) -> ArmReply:
    """The scale sets of a resource group."""
    at = call.parameters
    world.subscription(at["subscriptionId"])
    world.require_resource_group(at["subscriptionId"], at["resourceGroupName"])
    group = at["resourceGroupName"].lower()
    return _page(call, (s for s in _of_subscription(world, call) if s.id.resource_group.lower() == group))


def list_in_subscription(world: World, call: ArmCall) -> ArmReply:
    """The scale sets of a subscription."""
    return _page(call, _of_subscription(world, call))


def list_in_location(world: World, call: ArmCall) -> ArmReply:
    """The scale sets of a subscription in one region."""
    location = region_name(call.parameters["location"])
    return _page(call, (s for s in _of_subscription(world, call) if s.location == location))


def _of_subscription(world: World, call: ArmCall) -> list[ScaleSet]:
    subscription = world.subscription(call.parameters["subscriptionId"]).id.lower()
    visible = (s for s in world.scale_sets.values() if not s.is_hidden)
    return [s for s in visible if s.id.subscription.lower() == subscription]


def _page(call: ArmCall, scale_sets: Iterable[ScaleSet]) -> ArmReply:
    page, next_link = paged(call, list(scale_sets))
    body = {"value": [scale_set_resource(scale_set) for scale_set in page]}
    return ArmReply.of({**body, "nextLink": next_link} if next_link else body)


def get_instance_view(world: World, call: ArmCall) -> ArmReply:
    """The summary of the set's instances."""
    return ArmReply.of(summary(addressed_scale_set(world, call)))
