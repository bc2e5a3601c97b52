"""What is wrong with a cluster's resource, whether it comes from a world document or from a PUT."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from arm_emulator.aks.channels import NODE_IMAGE, forced_channel, spelled_channel
from arm_emulator.aks.plane.channel_versions import profile_problems
from arm_emulator.compute.policy import Problem
from arm_emulator.resources.regions import region_name

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

_SKUS = ("Base", "Automatic")
_TIERS = ("Free", "Standard", "Premium")
_POWER = ("Running", "Stopped")


def cluster_problems(resource: Mapping[str, Any], regions: Collection[str]) -> Iterator[Problem]:
    """Everything but the pools that AKS would refuse, each with its path in the resource.

    :param regions: the names of those that there are.
    """
    location = resource.get("location")
    if not isinstance(location, str) or not location:
        yield Problem("location", "is missing" if location is None else f"{location!r} is no region")
    elif region_name(location) not in regions:
        yield Problem("location", f"{location!r} is none of the world's locations")
    found = list(_shape_problems(resource))
    yield from found
    if not found:
        yield from _word_problems(resource)


def _shape_problems(resource: Mapping[str, Any]) -> Iterator[Problem]:
    for name in ("sku", "tags", "properties"):
        if not isinstance(resource.get(name), dict | None):
            yield Problem(name, f"{resource[name]!r} is no object")
            return
    properties = resource.get("properties") or {}
    if not isinstance(properties.get("powerState"), dict | None):
        yield Problem("properties.powerState", f"{properties['powerState']!r} is no object")
    if not isinstance(properties.get("kubernetesVersion"), str | None):
        said = properties["kubernetesVersion"]
        yield Problem(
            "properties.kubernetesVersion", f"{said!r} is no text; put it in quotes, such as '1.28.5'"
        )


def _word_problems(resource: Mapping[str, Any]) -> Iterator[Problem]:
    properties, sku = resource.get("properties") or {}, resource.get("sku") or {}
    power = properties.get("powerState") or {}
    for path, said, words in (
        ("sku.name", sku.get("name"), _SKUS),
        ("sku.tier", sku.get("tier"), _TIERS),
        ("properties.powerState.code", power.get("code"), _POWER),
    ):
        if said is not None and str(said).lower() not in {word.lower() for word in words}:
            yield Problem(path, f"{said!r} is not one of {', '.join(words)}")
    profile = properties.get("autoUpgradeProfile")
    found = list(profile_problems(profile))
    for problem in found:
        yield Problem(f"properties.autoUpgradeProfile.{problem.path}".rstrip("."), problem.message)
    said = (profile or {}).get("nodeOSUpgradeChannel") if not found else None
    if said is not None and forced_channel(dict(resource)) and spelled_channel(str(said)) != NODE_IMAGE:
        why = forced_channel(dict(resource))
        message = f"{said!r} is not {NODE_IMAGE}, the only one that is allowed: {why}"
        yield Problem("properties.autoUpgradeProfile.nodeOSUpgradeChannel", message)
