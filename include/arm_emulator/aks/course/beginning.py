"""A pool's nodes are to get the newest image: the call is judged, then the course begins, or goes on where it stopped."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arm_emulator.aks.agent_pool import SETTLED, UpgradeCourse
from arm_emulator.aks.course.ending import COURSE, needs
from arm_emulator.aks.course.new_nodes import kubernetes_version_of
from arm_emulator.aks.course.rolling import add_surge, go_on
from arm_emulator.aks.course.room import refuse_beyond_limit, room_for
from arm_emulator.aks.course.telling import tell_accepted
from arm_emulator.aks.course.waiting import duration
from arm_emulator.aks.operations import begin_operation
from arm_emulator.arm_errors import ErrorDetail, OperationNotAllowedError
from arm_emulator.compute.disruption import UNDISTURBED
from arm_emulator.compute.instance import Fate

if TYPE_CHECKING:
    from arm_emulator.aks.agent_pool import AgentPool
    from arm_emulator.aks.cluster import ManagedCluster
    from arm_emulator.aks.node import Node
    from arm_emulator.compute.disruption import Disruption
    from arm_emulator.operations.operation import Operation
    from arm_emulator.world.world import World

UPGRADING = "UpgradingNodeImageVersion"
"""``provisioningState`` of a pool whose nodes get another image."""

POOL = "pool:"
"""What the member of a timeline entry about a pool as a whole begins with."""


def begin_upgrade(
    world: World,
    cluster: ManagedCluster,
    pool: AgentPool,
    image: str,
    *,
    disruption: Disruption = UNDISTURBED,
    api_version: str = "",
    by_platform: bool = False,
) -> Operation | None:
    """Give every node that runs something older this image; the Kubernetes version stays (R66).

    A course that stopped goes on: what it has done is not done again.

    :return: None where every node has it, or a newer one, already (N34).
    :raises OperationNotAllowedError: the cluster or the pool is stopped, or an operation on either is in progress.
    :raises InvalidParameterError: the pool and its surge are more nodes than a pool may have.
    """
    refuse_stopped(cluster, pool)
    refuse_busy(cluster, pool)
    if pool.course is None and not any(needs(node, image) for node in pool.regular_nodes):
        return None
    if pool.course is None and not by_platform:
        refuse_beyond_limit(pool)
    return _begin(
        world, cluster, pool, image, disruption=disruption, api_version=api_version, by_platform=by_platform
    )


def begin_reimage(world: World, cluster: ManagedCluster, pool: AgentPool) -> Operation:
    """Give every node the pool's own image anew, as AKS does after some changes of the channel (N30).

    :raises OperationNotAllowedError: the cluster or the pool is stopped, or an operation on either is in progress.
    """
    refuse_stopped(cluster, pool)
    refuse_busy(cluster, pool)
    return _begin(
        world,
        cluster,
        pool,
        pool.shown_image,
        disruption=UNDISTURBED,
        api_version="",
        by_platform=True,
        anew=True,
    )


def resume_upgrade(
    world: World,
    cluster: ManagedCluster,
    pool: AgentPool,
    *,
    disruption: Disruption = UNDISTURBED,
    api_version: str = "",
) -> Operation | None:
    """Go on with a course that failed, as any PUT of the pool does (AKS): with the image that it began with.

    :return: None where no course has failed, or something else is in progress; one that was aborted waits for another
        ``upgradeNodeImageVersion``.
    """
    course = pool.course
    if course is None or not course.stopped or course.aborted or pool.is_busy:
        return None
    return _begin(world, cluster, pool, course.image, disruption=disruption, api_version=api_version)


def refuse_busy(cluster: ManagedCluster, pool: AgentPool) -> None:
    """Refuse a second operation at a time.

    :raises OperationNotAllowedError: one is in progress on the pool or on its cluster.
    """
    if pool.is_busy:
        raise OperationNotAllowedError(
            f"Operation is not allowed: another operation ({pool.provisioning_state}) is in progress on agent pool "
            f"'{pool.name}'. Please wait for it to finish before starting a new operation."
        )
    if cluster.provisioning_state not in SETTLED:
        raise OperationNotAllowedError(
            f"Operation is not allowed: another operation ({cluster.provisioning_state}) is in progress on managed "
            f"cluster '{cluster.id.name}'. Please wait for it to finish before starting a new operation."
        )


def refuse_stopped(cluster: ManagedCluster, pool: AgentPool) -> None:
    """Refuse what needs running machines.

    :raises OperationNotAllowedError: the cluster or the pool is stopped.
    """
    for what, properties in (
        (f"Managed cluster '{cluster.id.name}'", cluster.resource["properties"]),
        (f"Agent pool '{pool.name}'", pool.properties),
    ):
        if str((properties.get("powerState") or {}).get("code", "")).lower() == "stopped":
            raise OperationNotAllowedError(f"{what} is stopped. Start it before its nodes are upgraded.")


def _begin(
    world: World,
    cluster: ManagedCluster,
    pool: AgentPool,
    image: str,
    *,
    disruption: Disruption,
    api_version: str,
    by_platform: bool = False,
    anew: bool = False,
) -> Operation:
    kind = "reimage" if pool.course is None else "resume"
    tell_accepted(world, cluster, pool, image, kind=kind, by_platform=by_platform)
    operation = begin_operation(
        world, cluster, pool, waits_for=(COURSE,), api_version=api_version, disruption=disruption
    )
    to_do = list(pool.regular_nodes) if anew else _nodes_to_do(pool, image)
    course = pool.course = _course(world, cluster, pool, image, operation, to_do)
    if disruption.fate is Fate.FAIL and disruption.instances is not None:
        named = {name.lower() for name in disruption.instances}
        course.kept = [node.name for node in to_do if {node.name.lower(), str(node.number)} & named]
        course.kept_code, course.kept_message = disruption.code, disruption.message
    pool.provisioning_state = UPGRADING
    if operation.failures:
        _let_fail(world, cluster, pool, course)
    elif operation.stuck:
        course.hindered = "stuck"
    else:
        pool.next_image = image
        add_surge(world, cluster, pool, course)
        go_on(world, cluster, pool)
    return operation


def _course(
    world: World,
    cluster: ManagedCluster,
    pool: AgentPool,
    image: str,
    operation: Operation,
    to_do: list[Node],
) -> UpgradeCourse:
    before = pool.course
    waiting = [node.name for node in to_do]
    kubernetes = kubernetes_version_of(cluster, pool)
    room = room_for(pool, to_do=len(waiting), kubernetes=kubernetes)
    if room.refusal:
        operation.failures.append(ErrorDetail("QuotaExceeded", room.refusal))
    has_same_goal = before is not None and before.image == image
    return UpgradeCourse(
        image=image,
        operation=operation.id,
        waiting=waiting,
        surge=room.surge,
        unavailable=room.unavailable,
        began=world.now,
        kubernetes_version=kubernetes,
        done=list(before.done) if before is not None and has_same_goal else [],
        drained=before.drained if before is not None else 0,
    )


def _nodes_to_do(pool: AgentPool, image: str) -> list[Node]:
    """Those with an older image that nothing is being done to; last those that stay from a surge before, as others' stand-ins."""
    stay = pool.surge_nodes if pool.course is None else []
    nodes = [*pool.regular_nodes, *stay]
    return [node for node in nodes if needs(node, image) and not node.is_being_upgraded]


def _let_fail(world: World, cluster: ManagedCluster, pool: AgentPool, course: UpgradeCourse) -> None:
    """Fail after the time that a new node would have taken, with what the operation says already."""
    course.hindered = "Failed"
    course.fails_at = world.now + duration(world, cluster, pool, "nodeCreate", pool.name)
    await_failure(world, cluster, pool, course)


def await_failure(world: World, cluster: ManagedCluster, pool: AgentPool, course: UpgradeCourse) -> None:
    """Have the timeline come back to a course that is going to fail."""
    if course.fails_at is not None:
        member = f"{POOL}{pool.name}"
        course.ticket = world.timeline.schedule(course.fails_at, resource=cluster.key, member=member)
