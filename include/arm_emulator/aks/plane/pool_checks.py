"""What is wrong with an agent pool's properties, whether they come from a world document or from a PUT."""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from arm_emulator.aks.plane.upgrade_settings import MAX_NODES, settings_problems
from arm_emulator.compute.policy import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_LINUX_NAME = re.compile(r"[a-z][a-z0-9]{0,11}")
_WINDOWS_NAME = re.compile(r"[a-z][a-z0-9]{0,5}")
_WORDS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "mode": ("System", "User", "Gateway"),
        "osType": ("Linux", "Windows"),
        "type": ("VirtualMachineScaleSets", "AvailabilitySet", "VirtualMachines"),
        "scaleDownMode": ("Delete", "Deallocate"),
        "scaleSetPriority": ("Spot", "Regular"),
    }
)
_OBJECTS = ("upgradeSettings", "nodeLabels", "tags", "powerState", "creationData")
_LISTS = ("availabilityZones", "nodeTaints")


def name_problem(name: object, os_type: object = "Linux") -> str:
    """What is wrong with a pool's name; empty where nothing is."""
    is_windows = str(os_type or "Linux").lower() == "windows"
    form, longest = (_WINDOWS_NAME, 6) if is_windows else (_LINUX_NAME, 12)
    if isinstance(name, str) and form.fullmatch(name) is not None:
        return ""
    kind = "a Windows pool" if is_windows else "a pool"
    return f"{name!r} is no name of {kind}: 1 to {longest} lower case letters and digits, a letter first"


def pool_problems(properties: Mapping[str, Any]) -> Iterator[Problem]:
    """Everything that AKS would refuse, each with its path in the properties."""
    found = [*_word_problems(properties), *_shape_problems(properties), *_count_problems(properties)]
    yield from found
    if found:
        return
    is_system = str(properties.get("mode") or "").lower() == "system"
    if is_system and str(properties.get("osType") or "").lower() == "windows":
        yield Problem("mode", "'System' needs osType Linux; this pool has Windows")
    nodes = properties.get("count") or 0
    for problem in settings_problems(properties.get("upgradeSettings"), nodes=nodes, is_system=is_system):
        yield Problem(f"upgradeSettings.{problem.path}".rstrip("."), problem.message)


def _word_problems(properties: Mapping[str, Any]) -> Iterator[Problem]:
    for name, words in _WORDS.items():
        said = properties.get(name)
        if said is not None and str(said).lower() not in {word.lower() for word in words}:
            yield Problem(name, f"{said!r} is not one of {', '.join(words)}")


def _shape_problems(properties: Mapping[str, Any]) -> Iterator[Problem]:
    for name in _OBJECTS:
        if not isinstance(properties.get(name), dict | None):
            yield Problem(name, f"{properties[name]!r} is no object")
    for name in _LISTS:
        said = properties.get(name)
        if said is not None and not (isinstance(said, list) and all(isinstance(each, str) for each in said)):
            yield Problem(name, f"{said!r} is no list of texts")
    for name in ("vmSize", "osSKU", "orchestratorVersion"):
        if not isinstance(properties.get(name), str | None):
            yield Problem(name, f"{properties[name]!r} is no text")


def _count_problems(properties: Mapping[str, Any]) -> Iterator[Problem]:
    count = properties.get("count")
    low = 1 if str(properties.get("mode") or "").lower() == "system" else 0
    if count is not None and not (type(count) is int and low <= count <= MAX_NODES):
        whose = " for a pool of mode System" if low else ""
        yield Problem("count", f"{count!r} is not a whole number from {low} to {MAX_NODES}{whose}")
