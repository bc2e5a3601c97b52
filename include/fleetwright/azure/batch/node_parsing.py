"""From a node's body on the data plane to an ``Instance``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from fleetwright.azure.bodies import Body, bodies_at, body_at, number_at, text_at
from fleetwright.domain.drains import RunningTask
from fleetwright.domain.images import is_exact_version
from fleetwright.domain.instances import Health, Instance

UPGRADING_OS = "upgradingos"
UNNAMED_TASK = "a task that Batch does not name"

_IDLE, _RUNNING, _OFFLINE = "idle", "running", "offline"
_AT_WORK = frozenset(
    {
        "creating",
        "starting",
        "waitingforstarttask",
        "rebooting",
        "reimaging",
        UPGRADING_OS,
        "leavingpool",
    }
)
_FAILED = frozenset({"unusable", "starttaskfailed"})
# Azure took it away, or somebody switched it off.
_POWER = {"preempted": "deallocated", "deallocated": "deallocated", "deallocating": "deallocating"}
_IMAGE_VERSION = re.compile(r"/versions/(\d+(?:\.\d+)*)$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Node:
    """A node with the virtual machine behind it.

    :param machine_id: ``scaleSetVmResourceId``; empty in accounts that hide their machines
    """

    instance: Instance
    machine_id: str = ""


def parse_node(body: Body) -> Node:
    """Read one node; its zone is the machine's, which only the scale set behind it knows."""
    name, state = text_at(body, "id"), text_at(body, "state").lower()
    machine = body_at(body, "virtualMachineInfo")
    takes_work = text_at(body, "schedulingState").lower() != "disabled"
    instance = Instance(
        instance_id=name,
        name=name,
        version=_version(body_at(machine, "imageReference")),
        os_disk_id=_disk_id(name, text_at(body, "lastBootTime")),
        provisioning_state=state if state in _AT_WORK else "Succeeded",
        power=_POWER.get(state, "running"),
        health=_health(state, takes_work=takes_work),
        shown_state="" if state in {_IDLE, _RUNNING} else _shown_state(state, body),
        running_tasks=_running_tasks(body, state),
        takes_work=takes_work,
    )
    return Node(instance, text_at(machine, "scaleSetVmResourceId"))


def _health(state: str, *, takes_work: bool) -> Health:
    if state in {_IDLE, _RUNNING}:
        return Health.HEALTHY
    if state == _OFFLINE and not takes_work:
        return Health.HEALTHY  # what Azure may call a node that was closed and has nothing to do
    if state in _AT_WORK:
        return Health.INITIALIZING
    return Health.UNHEALTHY if state in _FAILED else Health.UNKNOWN


def _shown_state(state: str, body: Body) -> str:
    """The state, with what went wrong where it is a bad one."""
    why = "; ".join(filter(None, _failures(body))) if state in _FAILED else ""
    word = state or "not shown"
    return f"{word} ({' '.join(why.split())})" if why else word


def _failures(body: Body) -> Iterator[str]:
    task = body_at(body, "startTaskInfo")
    if isinstance(task.get("exitCode"), int) and task["exitCode"]:
        yield f"exit code {task['exitCode']}"
    yield _reason(body_at(task, "failureInfo"))
    for error in bodies_at(body, "errors"):
        yield _reason(error)


def _reason(error: Body) -> str:
    message = text_at(error, "message") or text_at(error, "message", "value")
    return ": ".join(filter(None, (text_at(error, "code"), message.partition("\n")[0])))


def _version(image: Body) -> str:
    named = _IMAGE_VERSION.search(text_at(image, "virtualMachineImageId") or text_at(image, "id"))
    found = (text_at(image, "exactVersion"), text_at(image, "version"), named[1] if named else "")
    return next((version for version in found if is_exact_version(version)), "")


def _disk_id(node: str, booted_at: str) -> str:
    # Batch shows no disk. Each replacement boots the node anew, so its last boot stands for its disk.
    return f"{node}@{booted_at}".lower() if booted_at else ""


def _running_tasks(body: Body, state: str) -> tuple[RunningTask, ...]:
    """The tasks at work, oldest first; Batch names the recent ones only, and counts them all."""
    shown = [
        RunningTask(f"{text_at(task, 'jobId')}/{text_at(task, 'taskId')}", _started_at(task))
        for task in bodies_at(body, "recentTasks")
        if text_at(task, "taskState").lower() == _RUNNING
    ]
    count = max(number_at(body, "runningTasksCount"), 1 if state == _RUNNING else 0)
    shown.sort(key=lambda task: (task.since is None, task.since or datetime.max.replace(tzinfo=UTC)))
    return (*shown, *(RunningTask(UNNAMED_TASK) for _ in range(count - len(shown))))


def _started_at(task: Body) -> datetime | None:
    try:
        found = datetime.fromisoformat(text_at(task, "executionInfo", "startTime"))
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
