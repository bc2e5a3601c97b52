"""Automatic repairs of a set, which a rollout suspends (O8)."""

from __future__ import annotations

from enum import StrEnum


class RepairsState(StrEnum):
    """``serviceState`` of the orchestration service ``AutomaticRepairs``."""

    RUNNING = "Running"
    SUSPENDED = "Suspended"
    NOT_RUNNING = "NotRunning"


class RepairsAction(StrEnum):
    """What ``setOrchestrationServiceState`` may be told."""

    SUSPEND = "Suspend"
    RESUME = "Resume"
