"""The state of a node: what its machine is at, its work, and the words that a version of the API has for it (C4, R56)."""

from __future__ import annotations

from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING

from arm_emulator.batch.machines import START_TASK
from arm_emulator.compute.instance import ChangeKind, HealthState, Power, Provisioning, Step
from arm_emulator.wire.api_versions import is_at_least

if TYPE_CHECKING:
    from collections.abc import Mapping

    from arm_emulator.batch.node import Node
    from arm_emulator.compute.instance import Change, Instance


class NodeState(StrEnum):
    """``ComputeNodeState``, as far as nodes of this emulator come to it."""

    IDLE = "idle"
    RUNNING = "running"
    CREATING = "creating"
    STARTING = "starting"
    WAITING_FOR_START_TASK = "waitingforstarttask"
    START_TASK_FAILED = "starttaskfailed"
    REIMAGING = "reimaging"
    REBOOTING = "rebooting"
    UPGRADING_OS = "upgradingos"
    UNUSABLE = "unusable"
    UNKNOWN = "unknown"
    DEALLOCATING = "deallocating"
    DEALLOCATED = "deallocated"


UPGRADING_OS_SINCE = "2023-11-01"
"""The first version with ``upgradingos``; to older ones such a node is ``rebooting`` (C4)."""

DEALLOCATION_SINCE = "2025-06-01"
"""The first version that starts and deallocates nodes, and has states for it."""

_SINCE: Mapping[NodeState, tuple[str, NodeState]] = MappingProxyType(
    {
        NodeState.UPGRADING_OS: (UPGRADING_OS_SINCE, NodeState.REBOOTING),
        NodeState.DEALLOCATING: (DEALLOCATION_SINCE, NodeState.UNKNOWN),
        NodeState.DEALLOCATED: (DEALLOCATION_SINCE, NodeState.UNKNOWN),
    }
)
_OF_POWER: Mapping[Power, NodeState] = MappingProxyType(
    {
        Power.DEALLOCATED: NodeState.DEALLOCATED,
        Power.DEALLOCATING: NodeState.DEALLOCATING,
        Power.STOPPED: NodeState.UNKNOWN,
        Power.STOPPING: NodeState.UNKNOWN,
    }
)
_OF_HEALTH: Mapping[HealthState, NodeState] = MappingProxyType(
    {
        HealthState.HEALTHY: NodeState.IDLE,
        HealthState.INITIALIZING: NodeState.WAITING_FOR_START_TASK,
        HealthState.UNHEALTHY: NodeState.UNUSABLE,
        HealthState.UNKNOWN: NodeState.UNKNOWN,
    }
)
_REPLACED = frozenset({ChangeKind.REIMAGE, ChangeKind.REIMAGE_ALL})
_OF_CHANGE: Mapping[ChangeKind, NodeState] = MappingProxyType(
    {
        ChangeKind.CREATE: NodeState.CREATING,
        ChangeKind.START: NodeState.STARTING,
        ChangeKind.RESTART: NodeState.REBOOTING,
        ChangeKind.DEALLOCATE: NodeState.DEALLOCATING,
        ChangeKind.POWER_OFF: NodeState.UNKNOWN,
    }
)


def node_state(instance: Instance, node: Node, api_version: str) -> NodeState:
    """The state that a call of an ``api-version`` is shown."""
    state = machine_state(instance)
    if state is NodeState.IDLE and node.is_working:
        return NodeState.RUNNING
    since, before = _SINCE.get(state, ("", state))
    return state if is_at_least(api_version, since) else before


def machine_state(instance: Instance) -> NodeState:
    """What the machine alone makes of its node: idle where it can work."""
    if instance.shown_power in _OF_POWER:
        return _OF_POWER[instance.shown_power]
    change = instance.change
    if change is not None and (change.kind in _REPLACED or change.kind in _OF_CHANGE):
        return _changing(instance, change)
    return _settled(instance)


def is_start_task_failed(instance: Instance) -> bool:
    """Whether the start task ran and failed."""
    return any(result.name == START_TASK and not result.succeeded for result in instance.extensions)


def _changing(instance: Instance, change: Change) -> NodeState:
    """Booted, but its start task runs or its agent has not reported yet; or not even that."""
    if instance.step is Step.EXTENDING:
        return NodeState.WAITING_FOR_START_TASK
    if change.kind not in _REPLACED:
        return _OF_CHANGE[change.kind]
    if not change.by_batch:
        return NodeState.UPGRADING_OS
    return NodeState.STARTING if instance.power is Power.STARTING else NodeState.REIMAGING


def _settled(instance: Instance) -> NodeState:
    if is_start_task_failed(instance):
        return NodeState.START_TASK_FAILED
    if instance.provisioning is Provisioning.FAILED:
        return NodeState.UNUSABLE
    return _OF_HEALTH[instance.shown_health] if instance.model.has_health_source else NodeState.IDLE
