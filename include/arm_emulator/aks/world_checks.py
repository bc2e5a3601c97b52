"""What is wrong with the managed clusters of a world document, beyond the types of their keys.

A world may have what a rollout has to hold or refuse by itself, such as a pool without room for a surge; it has no cluster
that AKS could not have.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from arm_emulator.aks.ids import ClusterId
from arm_emulator.aks.plane.cluster_checks import cluster_problems
from arm_emulator.aks.state_checks import node_problems
from arm_emulator.aks.world_image_checks import image_problems
from arm_emulator.aks.world_maintenance_checks import maintenance_problems
from arm_emulator.aks.world_paths import path_of
from arm_emulator.aks.world_pool_checks import pools_problems, workload_problems

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from arm_emulator.aks.documents import ManagedClusterDocument
    from arm_emulator.aks.world_paths import Problem


def managed_cluster_problems(
    documents: Sequence[ManagedClusterDocument], known_regions: Collection[str]
) -> Iterator[Problem]:
    """The first thing that is wrong with a cluster, with its path below ``managedClusters``; or all about their nodes."""
    seen: set[str] = set()
    for index, document in enumerate(documents):
        cluster, message = _cluster_id(document.resource.get("id"))
        if cluster is None:
            yield (index, "resource", "id"), message
            return
        if cluster.key in seen:
            yield (index,), f"{cluster.text!r} stands there twice"
        seen.add(cluster.key)
        for path, words in _problems(document, known_regions):
            yield (index, *path), words
            return
    yield from node_problems(documents)


def _cluster_id(written: object) -> tuple[ClusterId | None, str]:
    if written is None:
        return None, "is missing"
    try:
        return ClusterId.parse(str(written)), ""
    except ValueError as error:
        return None, str(error)


def _problems(document: ManagedClusterDocument, known_regions: Collection[str]) -> Iterator[Problem]:
    """What is wrong with one cluster, each with its path below it."""
    for problem in cluster_problems(document.resource, known_regions):
        yield ("resource", *path_of(problem.path)), problem.message
        return
    yield from pools_problems(document)
    yield from workload_problems(document)
    yield from maintenance_problems(document)
    images = document.x_emulator.nodeImages
    for path, said in (("latest", images.latest), ("security", images.security)):
        yield from image_problems(said, ("x-emulator", "nodeImages", path))
    for number, release in enumerate(images.releases):
        yield from image_problems(
            release.version, ("x-emulator", "nodeImages", "releases", number, "version")
        )
