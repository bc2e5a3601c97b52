"""Polls of operations, by either of the two headers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from arm_emulator.arm_errors import ErrorDetail, NotFoundError
from arm_emulator.instants import arm_instant
from arm_emulator.operations.links import location_url, retry_after
from arm_emulator.operations.names import swapped_name
from arm_emulator.operations.operation import CONTAINER_SERVICE, OperationStatus
from arm_emulator.wire.call import ArmReply
from arm_emulator.wire.router import COMPUTE_LOCATION, CONTAINER_LOCATION, Route

if TYPE_CHECKING:
    from collections.abc import Callable

    from arm_emulator.operations.operation import Operation
    from arm_emulator.wire.call import ArmCall
    from arm_emulator.world.world import World


class OperationResponses:
    """What polls answer.

    :param read_resource: answers a GET of a resource's path by an api-version, for operations whose result is a
        resource.
    """

    def __init__(self, read_resource: Callable[[World, str, str], ArmReply]) -> None:
        self._read_resource = read_resource

    def routes(self) -> tuple[Route, ...]:
        """The route that both headers point to, the one of galleries' operations, and the two of AKS."""
        return (
            Route("GET", f"{COMPUTE_LOCATION}/operations/{{operationId}}", self.poll),
            Route("GET", f"{COMPUTE_LOCATION}/capsOperations/{{operationId}}", self.poll),
            Route("GET", f"{CONTAINER_LOCATION}/operations/{{operationId}}", self.poll),
            Route("GET", f"{CONTAINER_LOCATION}/operationresults/{{operationId}}", self.poll_result),
        )

    def poll(self, world: World, call: ArmCall) -> ArmReply:
        """One poll: of ``Location`` when the query says monitor, else of ``Azure-AsyncOperation``."""
        operation = _polled(world, call)
        if call.query.get("monitor", "").lower() == "true":
            return self._monitor(world, call, operation)
        return ArmReply.of(_status_body(operation), headers={"Retry-After": retry_after(world, operation)})

    def poll_result(self, world: World, call: ArmCall) -> ArmReply:
        """One poll of AKS's ``Location``."""
        return self._monitor(world, call, _polled(world, call))

    def _monitor(self, world: World, call: ArmCall, operation: Operation) -> ArmReply:
        """202 while it runs, then what the call itself would have answered had it not taken any time."""
        if operation.status is OperationStatus.IN_PROGRESS:
            headers = {
                "Location": location_url(call.base_url, operation),
                "Retry-After": retry_after(world, operation),
            }
            return ArmReply(202, headers=headers)
        if (error := _error_of(operation)) is not None:
            return ArmReply.of({"error": _error_body(operation, error)}, status=409)
        if operation.result_path is not None:
            return self._read_resource(world, operation.result_path, operation.api_version)
        return ArmReply(204 if operation.provider == CONTAINER_SERVICE else 200)


def _polled(world: World, call: ArmCall) -> Operation:
    operation = world.operations.get(call.parameters["operationId"].lower())
    if operation is None or operation.subscription.lower() != call.parameters["subscriptionId"].lower():
        raise NotFoundError(f"The operation '{call.parameters['operationId']}' could not be found.")
    operation.polls += 1
    return operation


def _status_body(operation: Operation) -> dict[str, Any]:
    body: dict[str, Any] = {
        "startTime": arm_instant(operation.started),
        "status": operation.status.value,
        "name": swapped_name(operation.id) if operation.provider == CONTAINER_SERVICE else operation.id,
    }
    if operation.ended is not None:
        body["endTime"] = arm_instant(operation.ended)
        if (error := _error_of(operation)) is not None:
            body["error"] = _error_body(operation, error)
    return body


def _error_of(operation: Operation) -> ErrorDetail | None:
    if operation.error is None and operation.canceled:
        return ErrorDetail("OperationCanceled", f"The operation '{operation.id}' was canceled.")
    return operation.error


def _error_body(operation: Operation, first: ErrorDetail) -> dict[str, Any]:
    """The first failure's code and message, and every instance's own in the details."""
    body: dict[str, Any] = {"code": first.code, "message": first.message}
    details = [
        {"code": f.code, "message": f.message, "target": f.target} for f in operation.failures if f.target
    ]
    if details:
        body["details"] = details
    return body
