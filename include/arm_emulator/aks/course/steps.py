"""What follows when a node's step is over."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from arm_emulator.aks.course.drains import (
    has_left_all,
    is_waiting_for_pods,
    uncordon,
    wait_for_pods,
    why_blocked,
)
from arm_emulator.aks.course.ending import fail, note_image
from arm_emulator.aks.course.evictions import lose_pods, settle_pods
from arm_emulator.aks.course.rolling import go_on
from arm_emulator.aks.course.room import settings_of
from arm_emulator.aks.course.scaling import note_scaled
from arm_emulator.aks.course.telling import UPGRADE_STATUS, tell_drain, tell_image, tell_node_gone
from arm_emulator.aks.course.waiting import enter, leave, look_again
from arm_emulator.aks.node import NodeStep
from arm_emulator.arm_errors import ErrorDetail

if TYPE_CHECKING:
    from arm_emulator.aks.agent_pool import AgentPool
    from arm_emulator.aks.cluster import ManagedCluster
    from arm_emulator.aks.node import Node
    from arm_emulator.world.world import World


def finish_step(world: World, cluster: ManagedCluster, pool: AgentPool, node: Node) -> None:
    """The time of a node's step is over."""
    match node.step:
        case NodeStep.CREATING | NodeStep.STARTING:
            _come_up(world, cluster, pool, node)
        case NodeStep.DRAINING:
            _look_at_drain(world, cluster, pool, node)
        case NodeStep.SOAKING:
            _reimage(world, cluster, pool, node)
        case NodeStep.REIMAGING:
            _start(world, cluster, pool, node)
        case NodeStep.DELETING:
            _delete(world, cluster, pool, node)


def finish_drains(world: World, cluster: ManagedCluster) -> None:
    """Pods have left: drains that waited for nothing else are over."""
    waiting = [
        (pool, node)
        for pool in cluster.pools.values()
        for node in pool.nodes.values()
        if node.step is NodeStep.DRAINING and is_waiting_for_pods(pool, node)
    ]
    for pool, node in waiting:
        if node.step is NodeStep.DRAINING and has_left_all(cluster, node):
            _end_drain(world, cluster, pool, node)


def _come_up(world: World, cluster: ManagedCluster, pool: AgentPool, node: Node) -> None:
    """A new node, or one with its new image, is ready."""
    node.has_started = True
    was_new = node.step is NodeStep.CREATING
    uncordon(world, cluster, pool, node)
    if pool.course is not None and not was_new:
        pool.course.done.append(node.name)
    settle_pods(world, cluster)
    note_scaled(world, cluster, pool)
    go_on(world, cluster, pool)


def _look_at_drain(world: World, cluster: ManagedCluster, pool: AgentPool, node: Node) -> None:
    if has_left_all(cluster, node):
        _end_drain(world, cluster, pool, node)
    elif not is_waiting_for_pods(pool, node):
        wait_for_pods(world, cluster, pool, node)
    else:
        _give_up_drain(world, cluster, pool, node)


def _end_drain(world: World, cluster: ManagedCluster, pool: AgentPool, node: Node) -> None:
    tell_drain(world, cluster, pool, node, drained=True)
    if node.is_leaving:
        enter(world, cluster, pool, node, NodeStep.DELETING)
        return
    if pool.course is not None:
        pool.course.drained += 1
    minutes = int(settings_of(pool).get("nodeSoakDurationInMinutes") or 0)
    if not minutes:
        _reimage(world, cluster, pool, node)
        return
    node.step, node.step_began = NodeStep.SOAKING, world.now
    look_again(world, cluster, node, world.now + timedelta(minutes=minutes))


def _give_up_drain(world: World, cluster: ManagedCluster, pool: AgentPool, node: Node) -> None:
    """After the drain timeout: a node to delete goes all the same, any other as ``undrainableNodeBehavior`` says."""
    tell_drain(world, cluster, pool, node, drained=False)
    if node.is_leaving:
        enter(world, cluster, pool, node, NodeStep.DELETING)
        return
    why = why_blocked(cluster, pool, node)
    if str(settings_of(pool).get("undrainableNodeBehavior", "")).lower() != "cordon":
        fail(world, cluster, pool, ErrorDetail("PodDrainFailure", why))
        return
    if node.is_surge:
        # It stands in for another node that is quarantined: nothing is gained when both are.
        uncordon(world, cluster, pool, node)
        go_on(world, cluster, pool)
        return
    leave(node)
    node.labels[UPGRADE_STATUS] = "Quarantined"
    if pool.course is not None:
        pool.course.left[node.name] = why
    go_on(world, cluster, pool)


def _reimage(world: World, cluster: ManagedCluster, pool: AgentPool, node: Node) -> None:
    if pool.course is not None and node.name in pool.course.kept:
        # A fault lets it keep its old image.
        node.has_failed = True
        uncordon(world, cluster, pool, node)
        go_on(world, cluster, pool)
        return
    # Whatever was the matter with it goes with its disk.
    node.has_started = node.is_down = False
    enter(world, cluster, pool, node, NodeStep.REIMAGING)


def _start(world: World, cluster: ManagedCluster, pool: AgentPool, node: Node) -> None:
    """The node has its new disk, with nothing of what was on the old one."""
    before = node.shown_image
    node.image, node.created_at = pool.image_for_new_nodes, world.now
    node.patched_to = node.live_patch_goal = ""
    node.guest_patched_at = None
    node.annotations, node.labels = {}, {}
    tell_image(world, cluster, pool, node, before=before)
    enter(world, cluster, pool, node, NodeStep.STARTING)


def _delete(world: World, cluster: ManagedCluster, pool: AgentPool, node: Node) -> None:
    del pool.nodes[node.name]
    tell_node_gone(world, cluster, pool, node)
    lose_pods(world, cluster, node)
    note_image(world, pool)
    note_scaled(world, cluster, pool)
    go_on(world, cluster, pool)
