"""Routes of managed disks: get, lists, tags, delete."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arm_emulator.arm_errors import (
    ErrorDetail,
    InvalidParameterError,
    OperationNotAllowedError,
)
from arm_emulator.compute.instance import Fate
from arm_emulator.compute.managed_disks import all_disks, find_disk
from arm_emulator.operations.links import poll_headers
from arm_emulator.operations.operation import Operation
from arm_emulator.resources.regions import region_name
from arm_emulator.wire.call import ArmReply
from arm_emulator.wire.paging import paged
from arm_emulator.wire.router import RESOURCE_GROUP, SUBSCRIPTION, Route

if TYPE_CHECKING:
    from arm_emulator.compute.managed_disks import Attachment
    from arm_emulator.wire.call import ArmCall
    from arm_emulator.world.world import World

_DISKS = "providers/Microsoft.Compute/disks"
DISK = f"{RESOURCE_GROUP}/{_DISKS}/{{diskName}}"


def disk_routes() -> tuple[Route, ...]:
    """All of them."""
    return (
        Route("GET", DISK, get),
        Route("PATCH", DISK, patch),
        Route("DELETE", DISK, delete),
        Route("GET", f"{RESOURCE_GROUP}/{_DISKS}", list_in_resource_group),
        Route("GET", f"{SUBSCRIPTION}/{_DISKS}", list_in_subscription),
    )


def get(world: World, call: ArmCall) -> ArmReply:
    """The disk, and who has it attached."""
    return ArmReply.of(_addressed(world, call).shown())


def patch(world: World, call: ArmCall) -> ArmReply:
    """The tags of a disk that nothing has attached."""
    found = _addressed(world, call)
    tags = call.json_object().get("tags")
    if tags is not None and not isinstance(tags, dict):
        raise InvalidParameterError("tags is no object.", target="tags")
    if tags is not None:
        found.disk.resource["tags"] = tags
    return ArmReply.of(found.shown())


def delete(world: World, call: ArmCall) -> ArmReply:
    """Delete a disk that nothing has attached."""
    world.subscription(call.parameters["subscriptionId"])
    disk_id = _disk_id(call)
    found = find_disk(world, disk_id)
    if found is None:
        return ArmReply(204)
    if found.owner is not None:
        raise OperationNotAllowedError(f"Disk {call.parameters['diskName']} is attached to VM {found.owner}.")
    operation = Operation(
        id=world.new_guid("operation"),
        subscription=call.parameters["subscriptionId"],
        location=region_name(str(found.disk.resource.get("location", ""))),
        resource=disk_id.lower(),
        started=world.now,
        stuck=call.disruption.fate is Fate.STUCK,
    )
    if call.disruption.fate is Fate.FAIL:
        operation.failures.append(ErrorDetail(call.disruption.code, call.disruption.message))
    elif call.disruption.fate is Fate.APPLY:
        del world.disks[found.disk.id.lower()]
    world.operations[operation.id] = operation
    operation.end_if_settled(world.now)
    return ArmReply(202, headers=poll_headers(world, call.base_url, operation))


def list_in_resource_group(world: World, call: ArmCall) -> ArmReply:
    """The disks of a resource group."""
    at = call.parameters
    world.subscription(at["subscriptionId"])
    world.require_resource_group(at["subscriptionId"], at["resourceGroupName"])
    prefix = f"/subscriptions/{at['subscriptionId']}/resourceGroups/{at['resourceGroupName']}/"
    return _page(world, call, prefix)


def list_in_subscription(world: World, call: ArmCall) -> ArmReply:
    """The disks of a subscription."""
    world.subscription(call.parameters["subscriptionId"])
    return _page(world, call, f"/subscriptions/{call.parameters['subscriptionId']}/")


def _page(world: World, call: ArmCall, prefix: str) -> ArmReply:
    below = prefix.lower()
    found = [disk for disk in all_disks(world) if disk.disk.id.lower().startswith(below)]
    page, next_link = paged(call, found)
    body = {"value": [disk.shown() for disk in page]}
    return ArmReply.of({**body, "nextLink": next_link} if next_link else body)


def _disk_id(call: ArmCall) -> str:
    at = call.parameters
    return f"/subscriptions/{at['subscriptionId']}/resourceGroups/{at['resourceGroupName']}/{_DISKS}/{at['diskName']}"


def _addressed(world: World, call: ArmCall) -> Attachment:
    at = call.parameters
    world.subscription(at["subscriptionId"])
    found = find_disk(world, _disk_id(call))
    if found is None:
        resource = f"Microsoft.Compute/disks/{at['diskName']}"
        raise world.not_found(at["subscriptionId"], at["resourceGroupName"], resource)
    return found
