"""How an upgrade ends: all that can have the image have it, or a drain or somebody stops it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arm_emulator.aks.course.drains import uncordon
from arm_emulator.aks.course.evictions import place_homeless
from arm_emulator.aks.course.telling import tell_ended
from arm_emulator.aks.node import NodeStep
from arm_emulator.aks.node_images import age_of, family_of
from arm_emulator.arm_errors import ErrorDetail

if TYPE_CHECKING:
    from arm_emulator.aks.agent_pool import AgentPool, UpgradeCourse
    from arm_emulator.aks.cluster import ManagedCluster
    from arm_emulator.aks.node import Node
    from arm_emulator.world.world import World

COURSE = "course"
"""What the operation of a course waits for."""


def needs(node: Node, image: str) -> bool:
    """Whether a node runs something older than an image; there is no way back (N34)."""
    if family_of(node.image) != family_of(image):
        return True
    return age_of(image) > age_of(node.shown_image)


def succeed(world: World, cluster: ManagedCluster, pool: AgentPool, course: UpgradeCourse) -> None:
    """Every node was dealt with; it fails where a fault let nodes keep their old image."""
    if course.kept:
        fail(world, cluster, pool, ErrorDetail(course.kept_code, course.kept_message))
        return
    world.operations[course.operation].settle(COURSE, world.now)
    pool.course, pool.provisioning_state = None, "Succeeded"
    note_image(world, pool)
    tell_ended(world, cluster, pool, "Succeeded")


def fail(world: World, cluster: ManagedCluster, pool: AgentPool, failure: ErrorDetail) -> None:
    """Leave everything as it is, so that a later call can take it up again."""
    course = pool.course
    if course is None or not course.operation:
        return
    operation = world.operations[course.operation]
    # A fault that fails it has put its own words there already.
    operation.settle(COURSE, world.now, None if operation.failures else failure)
    words = operation.error.message if operation.error else failure.message
    _stop(world, cluster, pool, course, reason=words, state="Failed")


def cancel(world: World, cluster: ManagedCluster, pool: AgentPool) -> bool:
    """Call an upgrade off.

    :return: whether there was one under way.
    """
    course = pool.course
    if course is None or not course.operation:
        return False
    course.aborted = True
    world.operations[course.operation].cancel(world.now)
    _stop(world, cluster, pool, course, reason="It was aborted.", state="Canceled")
    return True


def note_image(world: World, pool: AgentPool) -> None:
    """The pool shows the new image once all of its nodes have it."""
    if not pool.next_image or any(needs(node, pool.next_image) for node in pool.nodes.values()):
        return
    if pool.image != pool.next_image:
        pool.recently_used.insert(0, (pool.image, world.now))
    pool.image, pool.next_image = pool.next_image, ""


def _stop(
    world: World, cluster: ManagedCluster, pool: AgentPool, course: UpgradeCourse, *, reason: str, state: str
) -> None:
    """Nodes whose disk is still the old one take pods again; those past that point go on to their end."""
    course.operation, course.stopped = "", reason
    course.hindered, course.fails_at = "", None
    pool.provisioning_state = state
    for node in pool.nodes.values():
        if node.step in {NodeStep.DRAINING, NodeStep.SOAKING}:
            uncordon(world, cluster, pool, node)
    place_homeless(world, cluster)
    tell_ended(world, cluster, pool, state)
