"""What a person should know of a Batch pool before saying yes: by what disks are replaced, and what becomes of the work."""

from __future__ import annotations

from fleetwright.domain.batch_pools import BatchPool, NodeUpgradeWay
from fleetwright.domain.drains import DrainPolicy, WhenBusy
from fleetwright.domain.durations import span_text
from fleetwright.domain.fleets import Fleet
from fleetwright.domain.instances import Instance, left_behind
from fleetwright.domain.thresholds import name_ids

_DOCUMENTED = "node reimage is documented for cloud service pools only"
_WAYS = {
    NodeUpgradeWay.DATA_PLANE: (
        f"nodes are reimaged by the pool's data plane: {_DOCUMENTED}, and this endpoint is taken not to be Azure's"
    ),
    NodeUpgradeWay.SCALE_SET: (
        f"nodes are reimaged as instances of the scale set behind the pool: {_DOCUMENTED}, "
        "and the machines of this pool stand in your own subscription"
    ),
}


def tell_pool(
    fleet: Fleet, instances: tuple[Instance, ...], target_version: str, drain: DrainPolicy
) -> tuple[str, ...]:
    """Every note, one line each; none for a scale set (R54, R55, N28).

    :param drain: how long the rollout waits for nodes that run tasks, and what then
    """
    if fleet.pool is None:
        return ()
    left = left_behind(instances, target_version)
    return tuple(
        note
        for note in (
            _WAYS.get(fleet.pool.way, ""),
            _about_work(fleet, left, drain),
            _about_zones(fleet, instances),
            _about_low_priority(fleet.pool),
        )
        if note
    )


def _about_work(fleet: Fleet, left: tuple[Instance, ...], drain: DrainPolicy) -> str:
    working = working_words(left)
    if fleet.waits_for_work:
        return (
            "osRollingUpgradeDeferral is true: each node is closed to new tasks first and upgraded once it is idle, "
            f"idle ones first; {working}; {_when_busy(drain)} (R55)"
        )
    return f"osRollingUpgradeDeferral is false: {working}{_anyway(left)} (N28)"


def _anyway(left: tuple[Instance, ...]) -> str:
    if all(instance.is_idle for instance in left):
        return ", and those that do when their turn comes are upgraded anyway and their tasks queued again"
    return ": they are upgraded anyway, and their tasks are queued again"


def working_words(left: tuple[Instance, ...]) -> str:
    """How many of the nodes work on how many tasks: ``2 of 5 nodes to be upgraded run 3 tasks now (tvm-0, tvm-4)``."""
    busy = [instance for instance in left if not instance.is_idle]
    tasks = sum(len(instance.running_tasks) for instance in busy)
    if not busy:
        return "no node to be upgraded runs a task now"
    return (
        f"{len(busy)} of {len(left)} nodes to be upgraded run {tasks} task{'' if tasks == 1 else 's'} now "
        f"({name_ids([instance.instance_id for instance in busy])})"
    )


def keeps_waiting(fleet: Fleet, begun: DrainPolicy, asked: DrainPolicy) -> tuple[str, ...]:
    """What is said to somebody who resumes a rollout and asks for other deadlines than those that it began with (R55)."""
    if not fleet.waits_for_work or asked in {begun, DrainPolicy()}:
        return ()
    return (f"the rollout goes on as it began: a node {_when_busy(begun).removeprefix('one ')} (R55)",)


def _when_busy(drain: DrainPolicy) -> str:
    deadline, grace = span_text(drain.deadline), span_text(drain.grace)
    match drain.when_busy:
        case WhenBusy.WAIT:
            return "one that stays busy is waited for, however long that takes (wait)"
        case WhenBusy.REQUEUE:
            return (
                f"one that is still busy {deadline} after it was closed has its tasks ended and queued again "
                f"{grace} later, and is upgraded (requeue)"
            )
        case WhenBusy.SKIP:
            return (
                f"one that is still busy {deadline} after it was closed is left as it is, opened again and reported "
                "(skip)"
            )


def _about_zones(fleet: Fleet, instances: tuple[Instance, ...]) -> str:
    if not fleet.hides_zones(i.zone for i in instances):
        return ""
    return (
        "nodePlacementConfiguration.policy is Zonal, and Azure does not show in which zones the nodes stand: "
        "they are upgraded one at a time, and no other fleet of the region at the same time (R48)"
    )


def _about_low_priority(pool: BatchPool) -> str:
    if not pool.low_priority_nodes:
        return ""
    count = pool.low_priority_nodes
    return (
        f"the pool has {count} low-priority node{'' if count == 1 else 's'}, upgraded with the others; "
        "one that Azure takes away meanwhile counts as unhealthy until it is back, and is back on the newest version (O9)"
    )
