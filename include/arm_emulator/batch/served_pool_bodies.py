"""A new pool as callers of the data plane write it, in the management plane's words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arm_emulator.batch.errors import InvalidPropertyError
from arm_emulator.batch.image_references import as_in_arm
from arm_emulator.batch.pool_resource import spelled

if TYPE_CHECKING:
    from arm_emulator.compute.model import JsonObject

_SAME = (
    "displayName",
    "vmSize",
    "startTask",
    "taskSlotsPerNode",
    "taskSchedulingPolicy",
    "metadata",
    "upgradePolicy",
    "networkConfiguration",
    "resourceTags",
)
_FIXED = ("targetDedicatedNodes", "targetLowPriorityNodes", "resizeTimeout")


def new_pool_id(body: JsonObject) -> str:
    """The name that a body gives its pool.

    :raises InvalidPropertyError: it gives none.
    """
    name = body.get("id")
    if not isinstance(name, str) or not name:
        raise InvalidPropertyError.of("id", name, "It is the name of the pool")
    return name


def new_pool_body(body: JsonObject) -> JsonObject:
    """The resource that a body asks for.

    :raises InvalidPropertyError: an object in it is none.
    """
    properties = {name: body[name] for name in _SAME if name in body}
    machine = body.get("virtualMachineConfiguration")
    if machine is not None:
        properties["deploymentConfiguration"] = {"virtualMachineConfiguration": _machine(machine)}
    properties["scaleSettings"] = _scale(body)
    return spelled({"properties": properties})


def _machine(said: object) -> object:
    """The image's id has another name here; anything else is what the management plane has, or judges."""
    reference = said.get("imageReference") if isinstance(said, dict) else None
    if not isinstance(said, dict) or not isinstance(reference, dict):
        return said
    return {**said, "imageReference": as_in_arm(reference)}


def _scale(body: JsonObject) -> JsonObject:
    if body.get("enableAutoScale") is True:
        interval = body.get("autoScaleEvaluationInterval", "PT15M")
        return {"autoScale": {"formula": body.get("autoScaleFormula"), "evaluationInterval": interval}}
    return {"fixedScale": {name: body[name] for name in _FIXED if name in body}}
