"""Routes of virtual machines: the members of Flexible scale sets."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from arm_emulator.arm_errors import InvalidParameterError
from arm_emulator.compute.action_responses import exact_version
from arm_emulator.compute.actions import begin_immediate_operation, begin_reimage
from arm_emulator.compute.instance import ChangeKind, Fate
from arm_emulator.compute.instance_view import instance_view
from arm_emulator.compute.machine_actions import begin_power_change, refuse_busy_machine
from arm_emulator.compute.machine_updates import update_machine
from arm_emulator.compute.machine_view import machine_resource
from arm_emulator.compute.rendering import instance_etag
from arm_emulator.compute.scaling import remove_instance
from arm_emulator.operations.links import poll_headers
from arm_emulator.wire.api_versions import PROTECTION_OF_FLEXIBLE, is_at_least
from arm_emulator.wire.call import ArmReply
from arm_emulator.wire.preconditions import require_match
from arm_emulator.wire.router import MACHINE, Route

if TYPE_CHECKING:
    from arm_emulator.compute.instance import Instance
    from arm_emulator.compute.scale_set import ScaleSet
    from arm_emulator.operations.operation import Operation
    from arm_emulator.wire.call import ArmCall
    from arm_emulator.world.world import World

_VIEW = frozenset({"instanceview"})
_POWER_ACTIONS = {
    "deallocate": ChangeKind.DEALLOCATE,
    "powerOff": ChangeKind.POWER_OFF,
    "start": ChangeKind.START,
    "restart": ChangeKind.RESTART,
}


def machine_routes() -> tuple[Route, ...]:
    """All of them."""
    return (
        Route("GET", MACHINE, get),
        Route("PATCH", MACHINE, update, touches_instances=True),
        Route("PUT", MACHINE, update, touches_instances=True),
        Route("DELETE", MACHINE, delete, touches_instances=True),
        Route("GET", f"{MACHINE}/instanceView", get_view),
        Route("POST", f"{MACHINE}/reimage", reimage, touches_instances=True),
        *(
            Route("POST", f"{MACHINE}/{word}", partial(change_power, kind), touches_instances=True)
            for word, kind in _POWER_ACTIONS.items()
        ),
    )


def get(world: World, call: ArmCall) -> ArmReply:
    """One machine, as it is now, however much lists lag."""
    expand = call.expects("$expand", _VIEW | {"userdata"})
    scale_set, instance = _addressed(world, call)
    body = machine_resource(scale_set, instance, with_view=expand == "instanceview")
    return ArmReply.of(body, headers={"ETag": instance_etag(instance)})


def get_view(world: World, call: ArmCall) -> ArmReply:
    """One machine's view."""
    scale_set, instance = _addressed(world, call)
    return ArmReply.of(instance_view(scale_set, instance))


def update(world: World, call: ArmCall) -> ArmReply:
    """Change tags, disks or protection."""
    scale_set, instance = _addressed(world, call)
    require_match(call.headers, instance_etag(instance))
    body = call.json_object()
    has_policy = (body.get("properties") or {}).get("protectionPolicy") is not None
    if has_policy and not is_at_least(call.api_version, PROTECTION_OF_FLEXIBLE):
        raise InvalidParameterError(
            f"protectionPolicy of a Flexible scale set's VM exists since {PROTECTION_OF_FLEXIBLE}.",
            target="protectionPolicy",
        )
    operation = update_machine(world, scale_set, instance, body, call.disruption)
    resource = machine_resource(scale_set, instance)
    resource["properties"]["provisioningState"] = "Updating"
    headers = poll_headers(world, call.base_url, operation)
    del headers["Location"]
    return ArmReply.of(resource, headers={**headers, "ETag": instance_etag(instance)})


def delete(world: World, call: ArmCall) -> ArmReply:
    """Delete the machine; its OS disk goes with it unless its ``deleteOption`` is ``Detach``."""
    scale_set, instance = _addressed(world, call)
    refuse_busy_machine(scale_set, instance)
    if call.disruption.fate_of(instance.instance_id) is Fate.APPLY:
        remove_instance(world, scale_set, instance)
        scale_set.resource["sku"]["capacity"] = len(scale_set.instances)
    operation = begin_immediate_operation(world, scale_set, result_path=None, disruption=call.disruption)
    return _accepted(world, call, operation)


def reimage(world: World, call: ArmCall) -> ArmReply:
    """A new OS disk; the old one is kept where its ``deleteOption`` is ``Detach``."""
    scale_set, instance = _addressed(world, call)
    version = exact_version(call)
    operation = begin_reimage(world, scale_set, [instance], exact_version=version, disruption=call.disruption)
    return _accepted(world, call, operation)


def change_power(kind: ChangeKind, world: World, call: ArmCall) -> ArmReply:
    """Deallocate, power off, start or restart."""
    scale_set, instance = _addressed(world, call)
    return _accepted(world, call, begin_power_change(world, scale_set, instance, kind, call.disruption))


def _addressed(world: World, call: ArmCall) -> tuple[ScaleSet, Instance]:
    """The machine in the path, and its scale set.

    :raises ResourceNotFoundError: it is not there.
    """
    at = call.parameters
    world.subscription(at["subscriptionId"])
    found = world.machine(at["subscriptionId"], at["resourceGroupName"], at["vmName"])
    if found is None:
        resource = f"Microsoft.Compute/virtualMachines/{at['vmName']}"
        raise world.not_found(at["subscriptionId"], at["resourceGroupName"], resource)
    return found


def _accepted(world: World, call: ArmCall, operation: Operation) -> ArmReply:
    return ArmReply(202, headers=poll_headers(world, call.base_url, operation))
