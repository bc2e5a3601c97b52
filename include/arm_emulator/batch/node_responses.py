"""Routes of a pool's nodes: list, get, scheduling, reimage, reboot. Azure's own names for the first two are ListTVM and GetTVM (C18)."""

from __future__ import annotations

import json
from email.utils import format_datetime
from typing import TYPE_CHECKING

from arm_emulator.arm_errors import InvalidRequestContentError
from arm_emulator.batch.errors import BatchVersionError, InvalidBodyError, InvalidPropertyError
from arm_emulator.batch.node import AfterTasks
from arm_emulator.batch.node_actions import (
    TaskOption,
    ask_for,
    disable_scheduling,
    enable_scheduling,
    start_node,
)
from arm_emulator.batch.node_addressing import NODE, POOL, addressed_node, served_pool
from arm_emulator.batch.node_lists import listed_nodes
from arm_emulator.batch.node_state import DEALLOCATION_SINCE
from arm_emulator.batch.node_view import changed_at, shown_node
from arm_emulator.batch.odata import asked_filter, asked_names, list_reply, page_of, selected
from arm_emulator.batch.speech import service_url
from arm_emulator.wire.api_versions import is_at_least
from arm_emulator.wire.call import ArmReply
from arm_emulator.wire.router import Route

if TYPE_CHECKING:
    from datetime import datetime

    from arm_emulator.batch.node_addressing import Addressed
    from arm_emulator.compute.model import JsonObject
    from arm_emulator.wire.call import ArmCall
    from arm_emulator.world.world import World

_FILTERS = frozenset(
    {
        "id", "state", "schedulingState", "stateTransitionTime", "lastBootTime", "allocationTime", "ipAddress",
        "affinityId", "vmSize", "totalTasksRun", "runningTasksCount", "runningTaskSlotsCount", "isDedicated",
    }
)  # fmt: skip
_PROPERTIES = _FILTERS | {
    "url", "totalTasksSucceeded", "recentTasks", "startTask", "startTaskInfo", "errors", "nodeAgentInfo",
    "virtualMachineInfo", "endpointConfiguration", "certificateReferences", "ipv6Address",
}  # fmt: skip
_SCHEDULING_OPTIONS = (TaskOption.REQUEUE, TaskOption.TERMINATE, TaskOption.TASK_COMPLETION)


def node_routes() -> tuple[Route, ...]:
    """All of them."""
    return (
        Route("GET", f"{POOL}/nodes", list_nodes, only_reads=True),
        Route("GET", NODE, get_node, only_reads=True),
        Route("POST", f"{NODE}/disablescheduling", disable, touches_instances=True),
        Route("POST", f"{NODE}/enablescheduling", enable, touches_instances=True),
        Route("POST", f"{NODE}/reimage", reimage, touches_instances=True),
        Route("POST", f"{NODE}/reboot", reboot, touches_instances=True),
        Route("POST", f"{NODE}/deallocate", deallocate, touches_instances=True),
        Route("POST", f"{NODE}/start", start, touches_instances=True),
    )


def list_nodes(world: World, call: ArmCall) -> ArmReply:
    """The pool's nodes, in the order of their numbers, a page at a time."""
    account, pool = served_pool(world, call)
    wanted, names, page = asked_filter(call, _FILTERS), asked_names(call, _PROPERTIES), page_of(call)
    shown = [shown_node(account, pool, node, machine, call) for node, machine in listed_nodes(world, pool)]
    if wanted is not None:
        shown = [one for one in shown if wanted.holds(one.content)]
    texts = [one.text if names is None else json.dumps(selected(one.content, names)) for one in shown[page]]
    return list_reply(call, "nodes", texts, page.stop if page.stop < len(shown) else None)


def get_node(world: World, call: ArmCall) -> ArmReply:
    """One node, as it is now whatever lists show."""
    at = addressed_node(world, call)
    names = asked_names(call, _PROPERTIES)
    shown = shown_node(at.account, at.pool, at.node, at.instance, call)
    metadata = f"{service_url(call)}/$metadata#nodes/@Element"
    content = {"odata.metadata": metadata, **selected(shown.content, names)}
    return ArmReply.of(content, headers=state_headers(changed_at(at.node, at.instance)))


def state_headers(changed: datetime) -> dict[str, str]:
    """``ETag``, bare as Batch writes it, and ``Last-Modified``."""
    tag = int(changed.timestamp() * 1_000_000) & 0xFFF_FFFF_FFFF
    return {"ETag": f"0x8D{tag:012X}", "Last-Modified": format_datetime(changed, usegmt=True)}


def disable(world: World, call: ArmCall) -> ArmReply:
    """No more tasks for a node."""
    at = addressed_node(world, call)
    option = _option(_body(call), "nodeDisableSchedulingOption", _SCHEDULING_OPTIONS)
    disable_scheduling(world, at.pool, at.node, option)
    return _done(call, at)


def enable(world: World, call: ArmCall) -> ArmReply:
    """Tasks again for a node."""
    at = addressed_node(world, call)
    enable_scheduling(world, at.pool, at.node)
    return _done(call, at)


def reimage(world: World, call: ArmCall) -> ArmReply:
    """A new OS disk for a node, of the version that ``exactVersion`` says or the newest."""
    version = _body(call).get("exactVersion")
    if version is not None and not isinstance(version, str):
        raise InvalidPropertyError.of("exactVersion", version, "it is no text")
    return _asked(world, call, AfterTasks.REIMAGE, "nodeReimageOption", version or None)


def reboot(world: World, call: ArmCall) -> ArmReply:
    """A restart of a node's machine."""
    return _asked(world, call, AfterTasks.REBOOT, "nodeRebootOption")


def deallocate(world: World, call: ArmCall) -> ArmReply:
    """The end of a node's machine, for now."""
    _require_version(call)
    return _asked(world, call, AfterTasks.DEALLOCATE, "nodeDeallocateOption")


def start(world: World, call: ArmCall) -> ArmReply:
    """The machine of a deallocated node again."""
    _require_version(call)
    at = addressed_node(world, call)
    start_node(world, at.pool, at.node, call.disruption)
    return _accepted(world, call, at)


def _asked(
    world: World, call: ArmCall, act: AfterTasks, option_name: str, version: str | None = None
) -> ArmReply:
    at = addressed_node(world, call)
    option = _option(_body(call), option_name, tuple(TaskOption))
    ask_for(world, at.pool, at.node, act, option, version=version, disruption=call.disruption)
    return _accepted(world, call, at)


def _require_version(call: ArmCall) -> None:
    if not is_at_least(call.api_version, DEALLOCATION_SINCE):
        raise BatchVersionError(
            f"The operation does not exist in version {call.api_version}; it exists since {DEALLOCATION_SINCE}."
        )


def _done(call: ArmCall, at: Addressed) -> ArmReply:
    changed = state_headers(changed_at(at.node, at.instance))
    return ArmReply(headers={**changed, "DataServiceId": f"{call.base_url}{call.path}"})


def _accepted(world: World, call: ArmCall, at: Addressed) -> ArmReply:
    """Batch names no operation to look at: the node itself tells how it goes on."""
    timings, own = world.timings_of(at.pool.machines), f"{call.path} {at.instance.revision}"
    reply = _done(call, at)
    return ArmReply(202, headers={**reply.headers, "Retry-After": timings.retry_after(world.seed, own)})


def _body(call: ArmCall) -> JsonObject:
    try:
        return call.json_object()
    except InvalidRequestContentError as error:
        raise InvalidBodyError("The specified Request Body is not syntactically valid.") from error


def _option(body: JsonObject, name: str, allowed: tuple[TaskOption, ...]) -> TaskOption:
    """What becomes of the tasks; Batch queues them again where a call does not say."""
    value = body.get(name)
    if value is None:
        return TaskOption.REQUEUE
    for option in allowed:
        if str(value).lower() == option:
            return option
    raise InvalidPropertyError.of(name, value, f"it is none of {', '.join(allowed)}")
