"""What no pool can have, whether it comes from a world document or from a call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from arm_emulator.batch.upgrade_policy import shape_problems
from arm_emulator.compute.policy import Problem, duration_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MOST_NODES = 10_000
_MACHINES = "deploymentConfiguration.virtualMachineConfiguration"
_OBJECTS = (
    "deploymentConfiguration", _MACHINES, "deploymentConfiguration.cloudServiceConfiguration",
    f"{_MACHINES}.imageReference", f"{_MACHINES}.windowsConfiguration", f"{_MACHINES}.nodePlacementConfiguration",
    "scaleSettings", "scaleSettings.fixedScale", "scaleSettings.autoScale", "startTask", "upgradePolicy",
)  # fmt: skip
_TEXTS = ("publisher", "offer", "sku", "version", "id")
_PLACEMENTS = ("Regional", "Zonal")


def pool_problems(properties: object) -> Iterator[Problem]:
    """Everything that Batch would refuse, each with its path in ``properties``; the first shapes come first."""
    if not isinstance(properties, dict):
        yield Problem("", f"{properties!r} is no object")
        return
    for path in _OBJECTS:
        value = value_at(properties, path)
        if not isinstance(value, dict | None):
            yield Problem(path, f"{value!r} is no object")
            return
    yield from _plain_problems(properties)
    yield from _machine_problems(value_at(properties, _MACHINES) or {})
    yield from _scale_problems(properties.get("scaleSettings") or {})
    for problem in shape_problems(properties.get("upgradePolicy") or {}):
        yield Problem(f"upgradePolicy.{problem.path}", problem.message)


def value_at(holder: Mapping[str, Any], path: str) -> Any:  # noqa: ANN401 - JSON of any shape
    """What stands at a path of names, None where nothing does."""
    value: Any = holder
    for name in path.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _plain_problems(properties: Mapping[str, Any]) -> Iterator[Problem]:
    size = properties.get("vmSize")
    if not isinstance(size, str | None) or size == "":
        yield Problem("vmSize", f"{size!r} is no VM size such as STANDARD_D4S_V3")
    slots = properties.get("taskSlotsPerNode")
    if slots is not None and not (type(slots) is int and 1 <= slots <= 256):
        yield Problem("taskSlotsPerNode", f"{slots!r} is not a whole number from 1 to 256")


def _machine_problems(machine: Mapping[str, Any]) -> Iterator[Problem]:
    reference = machine.get("imageReference") or {}
    for name in _TEXTS:
        if not isinstance(reference.get(name), str | None):
            path = f"{_MACHINES}.imageReference.{name}"
            yield Problem(path, f"{reference[name]!r} is no text; put it in quotes")
    policy = (machine.get("nodePlacementConfiguration") or {}).get("policy")
    if policy is not None and str(policy).capitalize() not in _PLACEMENTS:
        path = f"{_MACHINES}.nodePlacementConfiguration.policy"
        yield Problem(path, f"{policy!r} is not one of {', '.join(_PLACEMENTS)}")
    updates = (machine.get("windowsConfiguration") or {}).get("enableAutomaticUpdates")
    if not isinstance(updates, bool | None):
        path = f"{_MACHINES}.windowsConfiguration.enableAutomaticUpdates"
        yield Problem(path, f"{updates!r} is neither true nor false")


def _scale_problems(scale: Mapping[str, Any]) -> Iterator[Problem]:
    fixed = scale.get("fixedScale") or {}
    if scale.get("fixedScale") is not None and scale.get("autoScale") is not None:
        yield Problem("scaleSettings", "has both fixedScale and autoScale; a pool has one of them")
    for name in ("targetDedicatedNodes", "targetLowPriorityNodes"):
        count = fixed.get(name)
        if count is not None and not (type(count) is int and 0 <= count <= MOST_NODES):
            path = f"scaleSettings.fixedScale.{name}"
            yield Problem(path, f"{count!r} is not a whole number from 0 to {MOST_NODES}")
    timeout = fixed.get("resizeTimeout")
    if timeout is not None and not _is_duration(timeout):
        yield Problem("scaleSettings.fixedScale.resizeTimeout", f"{timeout!r} is no duration such as PT15M")


def _is_duration(text: object) -> bool:
    try:
        return isinstance(text, str) and duration_of(text) is not None
    except ValueError:
        return False
