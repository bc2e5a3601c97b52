"""What is wrong with a scale set's resource, whether it comes from a world document or from a PUT."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from arm_emulator.compute.policy import Problem, policy_problems
from arm_emulator.compute.profile_checks import profile_problems
from arm_emulator.compute.scaling import MAX_CAPACITY
from arm_emulator.instants import parse_instant

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


def resource_problems(resource: Mapping[str, Any]) -> Iterator[Problem]:
    """Everything that Azure would refuse, each with its path in the resource."""
    yield from _location_problems(resource)
    yield from _capacity_problems(resource)
    yield from _zone_problems(resource)
    properties = resource.get("properties", {})
    if not isinstance(properties, dict):
        yield Problem("properties", f"{properties!r} is no object")
        return
    yield from _time_problems(properties)
    yield from _fault_domain_problems(properties)
    yield from _upgrade_policy_problems(properties)
    yield from profile_problems(properties)


def _location_problems(resource: Mapping[str, Any]) -> Iterator[Problem]:
    location = resource.get("location")
    if not isinstance(location, str) or not location:
        yield Problem("location", "is missing" if location is None else f"{location!r} is no region")


def _capacity_problems(resource: Mapping[str, Any]) -> Iterator[Problem]:
    sku = resource.get("sku")
    if not isinstance(sku, dict) or sku.get("capacity") is None:
        yield Problem("sku.capacity", "is missing")
        return
    capacity = sku["capacity"]
    if type(capacity) is not int or not 0 <= capacity <= MAX_CAPACITY:
        yield Problem("sku.capacity", f"{capacity!r} is not a whole number from 0 to {MAX_CAPACITY}")


def _zone_problems(resource: Mapping[str, Any]) -> Iterator[Problem]:
    zones = resource.get("zones")
    if zones is None:
        return
    if not isinstance(zones, list) or not all(isinstance(zone, str) for zone in zones):
        yield Problem("zones", f'{zones!r} is no list of zones such as ["1", "2", "3"]')
    elif len(set(zones)) < len(zones):
        yield Problem("zones", f"{zones!r} names a zone twice")


def _time_problems(properties: Mapping[str, Any]) -> Iterator[Problem]:
    created = properties.get("timeCreated")
    try:
        if created is not None:
            parse_instant(created)
    except (TypeError, ValueError):
        yield Problem("properties.timeCreated", f"{created!r} is no ISO 8601 instant")


def _fault_domain_problems(properties: Mapping[str, Any]) -> Iterator[Problem]:
    count = properties.get("platformFaultDomainCount")
    if count is not None and not (type(count) is int and count >= 1):
        yield Problem("properties.platformFaultDomainCount", f"{count!r} is not a whole number from 1 on")


def _upgrade_policy_problems(properties: Mapping[str, Any]) -> Iterator[Problem]:
    policy = properties.get("upgradePolicy")
    if policy is None:
        return
    if not isinstance(policy, dict):
        yield Problem("properties.upgradePolicy", f"{policy!r} is no object")
        return
    for problem in policy_problems(policy):
        yield Problem(f"properties.upgradePolicy.{problem.path}", problem.message)
