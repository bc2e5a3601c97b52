"""What happens to node images of AKS from outside: they are published, for all clusters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arm_emulator.aks.cluster import NodeImageRelease
from arm_emulator.aks.node_images import patched_to
from arm_emulator.aks.wakes import wake_cluster_at
from arm_emulator.galleries.changes import require_regions
from arm_emulator.instants import parse_instant

if TYPE_CHECKING:
    from arm_emulator.admin.image_bodies import PublishNodeImage
    from arm_emulator.world.world import World


def publish_node_image(world: World, body: PublishNodeImage) -> None:
    """Publish a node image. One that is there already is published anew: its regions are replaced (N35).

    :raises InvalidParameterError: the world has no such region.
    """
    require_regions(world, body.regions or [], "regions")
    release = NodeImageRelease(
        body.nodeImage,
        world.now if body.publishedAt is None else parse_instant(body.publishedAt),
        is_security=bool(patched_to(body.nodeImage)),
        needs_reimage=body.needsReimage,
        regions=None if body.regions is None else frozenset(body.regions),
    )
    kept = (known for known in world.node_images if known.version.lower() != release.version.lower())
    world.node_images[:] = [*kept, release]
    for cluster in world.managed_clusters.values():
        wake_cluster_at(world, cluster, release.published_at)
