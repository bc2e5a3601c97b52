"""Automatic repairs as a service of a scale set: on, off or suspended."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from arm_emulator.compute.model import JsonObject
    from arm_emulator.compute.scale_set import ScaleSet

REPAIRS_SERVICE = "AutomaticRepairs"


class ServiceState(StrEnum):
    """``serviceState`` of an orchestration service."""

    NOT_RUNNING = "NotRunning"
    RUNNING = "Running"
    SUSPENDED = "Suspended"


def repairs_policy(scale_set: ScaleSet) -> JsonObject:
    """``automaticRepairsPolicy``, empty where there is none."""
    return scale_set.resource["properties"].get("automaticRepairsPolicy") or {}


def service_state(scale_set: ScaleSet) -> ServiceState:
    """The state of automatic repairs; a suspension is kept whether or not the policy has them on."""
    if scale_set.repairs_suspended:
        return ServiceState.SUSPENDED
    return ServiceState.RUNNING if repairs_policy(scale_set).get("enabled") else ServiceState.NOT_RUNNING
