"""Route of orchestration services: suspend and resume automatic repairs."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from arm_emulator.arm_errors import InvalidParameterError
from arm_emulator.compute.actions import begin_resource_operation
from arm_emulator.compute.addressing import addressed_scale_set
from arm_emulator.compute.repairs import REPAIRS_SERVICE
from arm_emulator.operations.links import poll_headers
from arm_emulator.wire.call import ArmReply
from arm_emulator.wire.router import SCALE_SET, Route

if TYPE_CHECKING:
    from collections.abc import Mapping

    from arm_emulator.wire.call import ArmCall
    from arm_emulator.world.world import World

_IS_SUSPENDED_AFTER: Mapping[str, bool] = MappingProxyType({"suspend": True, "resume": False})


def orchestration_routes() -> tuple[Route, ...]:
    """The one there is."""
    return (Route("POST", f"{SCALE_SET}/setOrchestrationServiceState", set_service_state),)


def set_service_state(world: World, call: ArmCall) -> ArmReply:
    """Suspend automatic repairs, or resume them; either may be asked for again."""
    scale_set, body = addressed_scale_set(world, call), call.json_object()
    service, action = str(body.get("serviceName", "")), str(body.get("action", ""))
    if service.lower() != REPAIRS_SERVICE.lower():
        raise InvalidParameterError(
            f"The value '{service}' of parameter serviceName is invalid: it is {REPAIRS_SERVICE}.",
            target="serviceName",
        )
    if action.lower() not in _IS_SUSPENDED_AFTER:
        raise InvalidParameterError(
            f"The value '{action}' of parameter action is invalid: it is Suspend or Resume.", target="action"
        )
    if call.disruption.applies_to_resource:
        scale_set.repairs_suspended = _IS_SUSPENDED_AFTER[action.lower()]
    operation = begin_resource_operation(world, scale_set, call.disruption)
    return ArmReply(202, headers=poll_headers(world, call.base_url, operation))
