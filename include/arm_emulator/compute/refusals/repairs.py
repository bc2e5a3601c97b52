"""Automatic repairs, and health that is reported from outside."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING

from arm_emulator.arm_errors import ArmError, BadRequestError, InvalidParameterError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from arm_emulator.compute.model import JsonObject
    from arm_emulator.compute.refusals.asked import Asked

_DURATION = re.compile(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)(?:\.\d+)?S)?)?")
_ACTIONS = ("replace", "restart", "reimage")


def repair_refusals(asked: Asked) -> Iterator[ArmError]:
    """What is wrong with ``automaticRepairsPolicy`` and ``externalHealthPolicy``."""
    repairs, external = (
        asked.properties.get(name) for name in ("automaticRepairsPolicy", "externalHealthPolicy")
    )
    if isinstance(repairs, dict):
        yield from _repairs(asked, repairs, has_external=_is_on(external))
    if isinstance(external, dict):
        yield from _external(asked, external)


def _is_on(policy: object) -> bool:
    return isinstance(policy, dict) and policy.get("enabled") is True


def _repairs(asked: Asked, policy: JsonObject, *, has_external: bool) -> Iterator[ArmError]:
    """They need exactly one health source (N4), and wait 10 to 90 minutes."""
    where = "automaticRepairsPolicy"
    yield from _range(policy, where, "gracePeriod", "PT10M", "PT90M")
    action = policy.get("repairAction")
    if action is not None and str(action).lower() not in _ACTIONS:
        yield InvalidParameterError(
            f"The value of parameter {where}.repairAction is invalid: {action!r} is not one of Replace, Restart, Reimage.",
            target=f"{where}.repairAction",
        )
    if not _is_on(policy):
        return
    because = "Automatic repairs not supported for this Virtual Machine Scale Set because"
    if asked.has_health_extension and asked.probe:
        yield BadRequestError(
            f"{because} both a health probe and a health extension were provided.", target=where
        )
    if asked.model.health_source is None and not has_external:
        yield BadRequestError(f"{because} a health probe or health extension was not provided.", target=where)


def _external(asked: Asked, policy: JsonObject) -> Iterator[ArmError]:
    """Health from outside stands alone."""
    where = "externalHealthPolicy"
    yield from _range(policy, where, "expiryDuration", "PT5M", "PT3H")
    yield from _range(policy, where, "gracePeriod", "PT5M", "PT4H")
    if _is_on(policy) and asked.model.health_source is not None:
        yield BadRequestError(
            "externalHealthPolicy cannot be enabled together with a health probe or health extension.",
            target=where,
        )


def _range(policy: JsonObject, where: str, name: str, low: str, high: str) -> Iterator[ArmError]:
    value = policy.get(name)
    if value is None:
        return
    length = _length(value)
    if length is None or not (_length(low) or timedelta()) <= length <= (_length(high) or timedelta()):
        yield InvalidParameterError(
            f"The value of parameter {where}.{name} is invalid: {value!r} is not an ISO 8601 duration from {low} to "
            f"{high}.",
            target=f"{where}.{name}",
        )


def _length(text: object) -> timedelta | None:
    match = _DURATION.fullmatch(text) if isinstance(text, str) and len(text) > 2 else None
    if match is None or text in {"P", "PT"}:
        return None
    days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
    return timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
