"""Health sources: the extension's settings, the probe's load balancer, and what depends on having one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from arm_emulator.arm_errors import ArmError, BadRequestError, InvalidParameterError
from arm_emulator.compute.extensions import HEALTH_EXTENSION_TYPES
from arm_emulator.compute.health_source import LONGEST_GRACE
from arm_emulator.network.load_balancers import balancer_of_probe

if TYPE_CHECKING:
    from collections.abc import Iterator

    from arm_emulator.compute.refusals.asked import Asked

_RANGES = {"intervalInSeconds": (5, 60), "numberOfProbes": (1, 24), "gracePeriod": (0, LONGEST_GRACE)}
_PROTOCOLS = ("http", "https", "tcp")


def health_source_refusals(asked: Asked) -> Iterator[ArmError]:
    """What is wrong with where health comes from."""
    for entry in asked.extension_entries():
        properties = entry.get("properties") or {}
        settings = properties.get("settings")
        is_source = str(properties.get("type", "")).lower() in HEALTH_EXTENSION_TYPES
        if is_source and isinstance(settings, dict):
            yield from _settings_refusals(str(entry.get("name")), settings)
    yield from _balancer_refusals(asked)
    yield from _rolling_refusals(asked)


def _settings_refusals(name: str, settings: dict[str, Any]) -> Iterator[ArmError]:
    """The ranges of the Application Health extension's settings (N22)."""
    target = "virtualMachineProfile.extensionProfile.extensions"
    for key, (low, high) in _RANGES.items():
        value = settings.get(key)
        if value is not None and not (type(value) is int and low <= value <= high):
            yield InvalidParameterError(
                f"The value of parameter {key} of extension '{name}' is invalid: {value!r} is not a whole number "
                f"from {low} to {high}.",
                target=f"{target}.{name}.settings.{key}",
            )
    protocol = settings.get("protocol")
    if protocol is not None and str(protocol).lower() not in _PROTOCOLS:
        yield InvalidParameterError(
            f"The value of parameter protocol of extension '{name}' is invalid: {protocol!r} is not one of "
            f"{', '.join(_PROTOCOLS)}.",
            target=f"{target}.{name}.settings.protocol",
        )


def _balancer_refusals(asked: Asked) -> Iterator[ArmError]:
    """Several placement groups need a Standard load balancer for their probe (R34)."""
    if asked.probe is None or asked.properties.get("singlePlacementGroup") is not False:
        return
    balancer = balancer_of_probe(asked.world.load_balancers, asked.probe)
    if balancer is None:
        return
    sku = str((balancer.get("sku") or {}).get("name") or "Basic")
    if sku.lower() == "basic":
        yield BadRequestError(
            f"The health probe '{asked.probe}' is of a load balancer with sku {sku}; a Virtual Machine Scale Set with "
            "singlePlacementGroup false needs a Standard load balancer.",
            target="virtualMachineProfile.networkProfile.healthProbe.id",
        )


def _rolling_refusals(asked: Asked) -> Iterator[ArmError]:
    """Rolling upgrades of a Flexible set need the Application Health extension."""
    is_rolling = str(asked.upgrade_policy.get("mode") or "").lower() == "rolling"
    if asked.is_flexible and is_rolling and not asked.has_health_extension:
        yield BadRequestError(
            "Rolling Upgrade mode is not supported for this Virtual Machine Scale Set because a health extension was "
            "not provided.",
            target="upgradePolicy.mode",
        )
