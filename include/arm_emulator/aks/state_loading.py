"""From a world document to the nodes of a pool, and to what is under way on it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from arm_emulator.aks.agent_pool import Scaling, UpgradeCourse
from arm_emulator.aks.course.new_nodes import kubernetes_version_of
from arm_emulator.aks.ids import node_name, number_in
from arm_emulator.aks.node import Node
from arm_emulator.instants import parse_instant

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import datetime

    from arm_emulator.aks.agent_pool import AgentPool
    from arm_emulator.aks.cluster import ManagedCluster
    from arm_emulator.aks.documents import AgentPoolExtrasDocument
    from arm_emulator.aks.state_documents import CourseDocument, NodeDocument
    from arm_emulator.world.world import World


def add_node(
    world: World, cluster: ManagedCluster, pool: AgentPool, number: int, *, undrainable: Collection[str]
) -> Node:
    """A node of the pool's image that runs already."""
    name = node_name(pool.name, number)
    zones = pool.properties.get("availabilityZones") or []
    node = Node(
        name,
        number,
        pool.image,
        kubernetes_version_of(cluster, pool),
        world.now,
        zone=str(zones[number % len(zones)]) if zones else None,
        undrainable=name in undrainable,
    )
    pool.nodes[name] = node
    return node


def load_nodes(
    world: World,
    cluster: ManagedCluster,
    pool: AgentPool,
    nodes: Mapping[str, NodeDocument],
    undrainable: Collection[str],
) -> None:
    """All nodes of a pool as a document lists them."""
    for name, said in nodes.items():
        node = add_node(world, cluster, pool, number_in(name), undrainable=undrainable)
        node.image = said.image or node.image
        node.kubernetes_version = said.kubernetesVersion or node.kubernetes_version
        node.zone = said.zone or node.zone
        node.created_at = _maybe(said.createdAt) or node.created_at
        node.patched_to, node.live_patch_goal = said.patchedTo, said.livePatchGoal
        node.guest_patched_at = _maybe(said.guestPatchedAt)
        node.is_surge, node.is_leaving = said.surge, said.leaving
        node.is_cordoned, node.has_started = said.cordoned, said.ready
        node.is_down, node.has_failed = said.down, said.failed
        node.time_left = None if said.secondsLeft is None else timedelta(seconds=said.secondsLeft)
        node.annotations, node.labels = dict(said.annotations), dict(said.labels)
        node.step, node.ticket = said.step, said.turn
        node.step_began, node.step_ends = _maybe(said.stepBegan), _maybe(said.stepEnds)


def load_state(pool: AgentPool, said: AgentPoolExtrasDocument) -> None:
    """What is under way on a pool, and what was."""
    pool.next_image, pool.platform_image = said.nextImage, said.platformImage
    pool.course = None if said.course is None else _course(said.course)
    if said.scaling is not None:
        scaling = said.scaling
        pool.scaling = Scaling(scaling.operation, list(scaling.coming), list(scaling.leaving))
    if said.nextNumber is not None:
        pool.next_number = said.nextNumber
    pool.recently_used = [(used.version, parse_instant(used.at)) for used in said.recentlyUsed]


def _course(said: CourseDocument) -> UpgradeCourse:
    return UpgradeCourse(
        image=said.image,
        operation=said.operation,
        waiting=list(said.waiting),
        surge=said.surge,
        unavailable=said.unavailable,
        began=parse_instant(said.began),
        kubernetes_version=said.kubernetesVersion,
        done=list(said.done),
        drained=said.drained,
        left=dict(said.left),
        stopped=said.stopped,
        aborted=said.aborted,
        hindered=said.hindered,
        kept=list(said.kept),
        kept_code=said.keptCode,
        kept_message=said.keptMessage,
        fails_at=_maybe(said.failsAt),
        ticket=said.turn,
    )


def _maybe(text: str | None) -> datetime | None:
    return None if text is None else parse_instant(text)
