"""Clusters as world documents that can be loaded again, also in the middle of an upgrade."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from arm_emulator.aks.course.new_nodes import kubernetes_version_of
from arm_emulator.aks.documents import NodeImageDocument
from arm_emulator.aks.state_documents import CourseDocument, NodeDocument, ScalingDocument
from arm_emulator.aks.workload_loading import workload_document
from arm_emulator.compute.dumping import timings_document
from arm_emulator.instants import admin_instant

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from arm_emulator.aks.agent_pool import AgentPool, UpgradeCourse
    from arm_emulator.aks.cluster import ManagedCluster, NodeImageRelease
    from arm_emulator.aks.node import Node
    from arm_emulator.compute.model import JsonObject


def dump_cluster(cluster: ManagedCluster) -> JsonObject:
    """The cluster as it is now."""
    profiles = [
        {"name": pool.name, **pool.properties, "count": pool.count} for pool in cluster.pools.values()
    ]
    properties = {**cluster.resource["properties"], "agentPoolProfiles": profiles}
    turns = _turns(cluster)
    extras: dict[str, Any] = {
        "nodeImages": {"releases": [release_document(release) for release in cluster.releases]},
        "pools": {pool.name: _pool(cluster, pool, turns) for pool in cluster.pools.values()},
        "maintenanceConfigurations": cluster.maintenance,
        "workloads": [workload_document(workload) for workload in cluster.workloads],
        "timings": timings_document(dict(cluster.own_timings)),
        "channelDue": _maybe(cluster.channel_due),
        "channelBefore": cluster.channel_before,
        "channelSince": _maybe(cluster.channel_since),
        "commands": cluster.commands,
        "livePatches": {name: admin_instant(at) for name, at in cluster.live_patches.items()},
        "toReimage": cluster.to_reimage,
        **_unusual("provisioningState", cluster.provisioning_state, "Succeeded"),
        **_unusual("etag", cluster.etag, 1),
    }
    return {
        "resource": {**cluster.resource, "properties": properties},
        "x-emulator": {key: value for key, value in extras.items() if value},
    }


def release_document(release: NodeImageRelease) -> JsonObject:
    """A node image that was published, or that is going to be."""
    document = NodeImageDocument(
        version=release.version,
        publishedAt=admin_instant(release.published_at),
        security=release.is_security,
        needsReimage=release.needs_reimage,
        regions=None if release.regions is None else sorted(release.regions),
    )
    return document.model_dump(mode="json", exclude_defaults=True)


def _turns(cluster: ManagedCluster) -> Mapping[int, int]:
    """The order of what the cluster waits for, by the tickets of the timeline."""
    pools = cluster.pools.values()
    tickets = {node.ticket for pool in pools for node in pool.nodes.values() if node.step_ends is not None}
    tickets |= {pool.course.ticket for pool in pools if pool.course is not None and pool.course.fails_at}
    return {ticket: turn for turn, ticket in enumerate(sorted(tickets), start=1)}


def _pool(cluster: ManagedCluster, pool: AgentPool, turns: Mapping[int, int]) -> JsonObject:
    nodes = pool.nodes.values()
    extras: dict[str, Any] = {
        "nodeImageVersion": pool.image,
        "nextImage": pool.next_image,
        "platformImage": pool.platform_image,
        "undrainable": [node.name for node in nodes if node.undrainable],
        "timings": timings_document(dict(pool.own_timings)),
        "recentlyUsed": [{"version": version, "at": admin_instant(at)} for version, at in pool.recently_used],
        **_unusual("provisioningState", pool.provisioning_state, "Succeeded"),
        **_unusual("etag", pool.etag, 1),
    }
    written = {key: value for key, value in extras.items() if value}
    if pool.quota is not None:
        written["quota"] = pool.quota
    if pool.course is not None:
        written["course"] = _course(pool.course, turns)
    if pool.scaling is not None:
        scaling = pool.scaling
        document = ScalingDocument(
            operation=scaling.operation, coming=scaling.coming, leaving=scaling.leaving
        )
        written["scaling"] = document.model_dump(mode="json", exclude_defaults=True)
    kubernetes = kubernetes_version_of(cluster, pool)
    written["nodes"] = {node.name: _node(pool, node, kubernetes, turns) for node in nodes}
    written["nextNumber"] = pool.next_number
    return written


def _node(pool: AgentPool, node: Node, kubernetes: str, turns: Mapping[int, int]) -> JsonObject:
    document = NodeDocument(
        image=None if node.image == pool.image else node.image,
        kubernetesVersion=None if node.kubernetes_version == kubernetes else node.kubernetes_version,
        zone=node.zone,
        createdAt=admin_instant(node.created_at),
        patchedTo=node.patched_to,
        guestPatchedAt=_maybe(node.guest_patched_at),
        livePatchGoal=node.live_patch_goal,
        surge=node.is_surge,
        leaving=node.is_leaving,
        cordoned=node.is_cordoned,
        ready=node.has_started,
        down=node.is_down,
        failed=node.has_failed,
        secondsLeft=None if node.time_left is None else node.time_left.total_seconds(),
        step=node.step,
        stepBegan=_maybe(node.step_began),
        stepEnds=_maybe(node.step_ends),
        turn=turns.get(node.ticket, 0) if node.step_ends is not None else 0,
        annotations=node.annotations,
        labels=node.labels,
    )
    return document.model_dump(mode="json", exclude_defaults=True)


def _course(course: UpgradeCourse, turns: Mapping[int, int]) -> JsonObject:
    document = CourseDocument(
        image=course.image,
        operation=course.operation,
        waiting=course.waiting,
        surge=course.surge,
        unavailable=course.unavailable,
        began=admin_instant(course.began),
        kubernetesVersion=course.kubernetes_version,
        done=course.done,
        drained=course.drained,
        left=course.left,
        stopped=course.stopped,
        aborted=course.aborted,
        hindered=course.hindered,
        kept=course.kept,
        keptCode=course.kept_code,
        keptMessage=course.kept_message,
        failsAt=_maybe(course.fails_at),
        turn=turns.get(course.ticket, 0) if course.fails_at is not None else 0,
    )
    return document.model_dump(mode="json", exclude_defaults=True)


def _maybe(instant: datetime | None) -> str | None:
    return None if instant is None else admin_instant(instant)


def _unusual(key: str, value: object, usual: object) -> JsonObject:
    return {} if value == usual else {key: value}
