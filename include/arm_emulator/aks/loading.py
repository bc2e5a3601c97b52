"""From a world document to a managed cluster with its pools and nodes."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

from arm_emulator.aks.agent_pool import AgentPool
from arm_emulator.aks.cluster import ManagedCluster, NodeImageRelease
from arm_emulator.aks.course.reloading import await_everything
from arm_emulator.aks.course.telling import tell_pool
from arm_emulator.aks.ids import ClusterId
from arm_emulator.aks.node_images import patched_to
from arm_emulator.aks.plane.first_images import FIRST_IMAGE, first_image, is_of_sku
from arm_emulator.aks.plane.maintenance_checks import spelled
from arm_emulator.aks.state_loading import add_node, load_nodes, load_state
from arm_emulator.aks.wakes import wake_cluster_at
from arm_emulator.aks.workload_loading import load_workload
from arm_emulator.instants import parse_instant
from arm_emulator.resources.regions import region_name

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from arm_emulator.aks.documents import (
        AgentPoolExtrasDocument,
        ManagedClusterDocument,
        NodeImageDocument,
        NodeImagesDocument,
    )
    from arm_emulator.compute.model import JsonObject
    from arm_emulator.world.world import World


def load_cluster(world: World, document: ManagedClusterDocument) -> ManagedCluster:
    """Add a cluster to a world.

    :param document: one that passed validation.
    """
    resource, extras = copy.deepcopy(document.resource), document.x_emulator
    profiles = resource.setdefault("properties", {}).pop("agentPoolProfiles", None) or []
    written = resource["properties"].pop("provisioningState", None)
    cluster = ManagedCluster(
        id=ClusterId.parse(resource["id"]),
        location=region_name(resource["location"]),
        resource=resource,
        maintenance=_maintenance(document),
        releases=list(releases_of(extras.nodeImages, world.now)),
        own_timings=extras.timings.ranges(),
        channel_due=None if extras.channelDue is None else parse_instant(extras.channelDue),
        channel_before=extras.channelBefore or "",
        channel_since=None if extras.channelSince is None else parse_instant(extras.channelSince),
        provisioning_state=extras.provisioningState or written or "Succeeded",
        commands=dict(extras.commands),
        live_patches={name: parse_instant(at) for name, at in extras.livePatches.items()},
        to_reimage=list(extras.toReimage),
        etag=extras.etag,
    )
    for profile in profiles:
        said = {name.lower(): given for name, given in extras.pools.items()}.get(profile["name"].lower())
        pool = load_pool(world, cluster, profile, said)
        cluster.pools[pool.name.lower()] = pool
        tell_pool(world, cluster, pool)
    for workload in extras.workloads:
        load_workload(cluster, workload)
    world.managed_clusters[cluster.key] = cluster
    await_everything(world, cluster)
    _await_releases(world, cluster)
    return cluster


def _await_releases(world: World, cluster: ManagedCluster) -> None:
    if world.platform_upgrades:
        for release in (*world.node_images, *cluster.releases):
            wake_cluster_at(world, cluster, release.published_at)


def _maintenance(document: ManagedClusterDocument) -> dict[str, JsonObject]:
    found = {entry["name"]: entry["properties"] for entry in document.maintenanceConfigurations}
    # A body may come as ARM writes a resource, in ``properties``, or bare.
    found |= {
        name: body.get("properties", body)
        for name, body in document.x_emulator.maintenanceConfigurations.items()
    }
    return {spelled(name) or name: copy.deepcopy(body) for name, body in found.items()}


def releases_of(document: NodeImagesDocument, now: datetime) -> Iterator[NodeImageRelease]:
    """The node images that a document names; the newest ones are there from the start."""
    if document.latest is not None:
        yield NodeImageRelease(document.latest, now)
    if document.security is not None:
        yield NodeImageRelease(document.security, now, is_security=True)
    yield from (release_of(said, now) for said in document.releases)


def release_of(said: NodeImageDocument, now: datetime) -> NodeImageRelease:
    """One node image; without an instant it is there from now on."""
    at = now if said.publishedAt is None else parse_instant(said.publishedAt)
    regions = None if said.regions is None else frozenset(said.regions)
    return NodeImageRelease(
        said.version,
        at,
        is_security=said.security or bool(patched_to(said.version)),
        needs_reimage=said.needsReimage,
        regions=regions,
    )


def load_pool(
    world: World, cluster: ManagedCluster, profile: JsonObject, said: AgentPoolExtrasDocument | None
) -> AgentPool:
    """A pool with its nodes."""
    properties = {key: value for key, value in profile.items() if key not in _DERIVED}
    image = (said.nodeImageVersion if said is not None else None) or profile.get("nodeImageVersion")
    image = image or _usual_image(cluster, profile)
    pool = AgentPool(str(profile["name"]), properties, image)
    pool.provisioning_state = str(profile.get("provisioningState") or pool.provisioning_state)
    if said is not None:
        pool.quota, pool.own_timings, pool.etag = said.quota, said.timings.ranges(), said.etag
        pool.provisioning_state = said.provisioningState or pool.provisioning_state
    undrainable = said.undrainable if said is not None else []
    if said is not None and said.nodes is not None:
        load_nodes(world, cluster, pool, said.nodes, undrainable)
    else:
        for number in range(int(profile.get("count") or 0)):
            add_node(world, cluster, pool, number, undrainable=undrainable)
    pool.next_number = 1 + max((node.number for node in pool.nodes.values()), default=-1)
    if said is not None:
        load_state(pool, said)
    return pool


def _usual_image(cluster: ManagedCluster, profile: JsonObject) -> str:
    """What nodes run where nothing says it: the cluster's newest image, unless the pool says that its system is another."""
    newest = cluster.releases[0].version if cluster.releases else FIRST_IMAGE
    says_system = profile.get("osSKU") or str(profile.get("osType", "")).lower() == "windows"
    return first_image(cluster, profile) if says_system and not is_of_sku(newest, profile) else newest


_DERIVED = frozenset({"name", "count", "nodeImageVersion", "provisioningState", "currentOrchestratorVersion"})
