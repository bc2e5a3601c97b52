"""The body of a PUT or PATCH of a pool (R61).

The page that describes automatic OS upgrades of pools prints a body as specification examples wrap it:
``{"name", "type", "parameters": {"properties": …}}``. It is taken as well as the published ``{"properties": …}`` (C5).
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from arm_emulator.arm_errors import InvalidRequestBodyError
from arm_emulator.batch.pool_resource import TIMES, spelled
from arm_emulator.compute.model_changes import merged

if TYPE_CHECKING:
    from arm_emulator.compute.model import JsonObject
    from arm_emulator.wire.call import ArmCall

READ_ONLY = (
    *TIMES,
    "provisioningState",
    "allocationState",
    "currentDedicatedNodes",
    "currentLowPriorityNodes",
    "autoScaleRun",
    "resizeOperationStatus",
    "currentNodeCommunicationMode",
)
"""Sent back by clients that read a pool before they write it; ignored."""

_WRITABLE = ("properties", "identity", "tags")
_MERGED = ("upgradePolicy", "deploymentConfiguration")


def written_body(call: ArmCall) -> JsonObject:
    """What a caller writes of a pool, in Batch's own spelling and without read-only fields.

    :raises InvalidRequestBodyError: it is no pool.
    """
    body: Any = call.json_object()
    if "properties" not in body and isinstance(body.get("parameters"), dict):
        body = body["parameters"]
    resource = spelled({key: body[key] for key in _WRITABLE if key in body})
    properties = resource.setdefault("properties", {})
    if not isinstance(properties, dict):
        raise InvalidRequestBodyError(
            f"The specified Request Body is not syntactically valid: properties is {properties!r}, no object.",
            target="properties",
        )
    for name in READ_ONLY:
        properties.pop(name, None)
    return resource


def patched(old: JsonObject, body: JsonObject) -> JsonObject:
    """A pool's resource with a PATCH applied: objects of the policy are merged, other properties are replaced.

    :param body: as :func:`written_body` gives it.
    """
    result = copy.deepcopy({**old, **{key: value for key, value in body.items() if key != "properties"}})
    properties = result.setdefault("properties", {})
    for name, value in body["properties"].items():
        if value is None:
            properties.pop(name, None)
        elif name in _MERGED and isinstance(value, dict) and isinstance(properties.get(name), dict):
            properties[name] = merged(properties[name], value)
        elif name == "scaleSettings":
            properties[name] = _scale(properties.get(name) or {}, value)
        else:
            properties[name] = copy.deepcopy(value)
    return result


def _scale(old: JsonObject, new: Any) -> Any:  # noqa: ANN401 - JSON of any shape
    """Another kind of scale takes the place of the one before; the same kind is merged."""
    is_same_kind = isinstance(new, dict) and set(new) == set(old)
    return merged(old, new) if is_same_kind else copy.deepcopy(new)
