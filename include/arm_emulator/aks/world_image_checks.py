"""What is wrong with the node images that a world document names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arm_emulator.aks.node_images import is_version

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from arm_emulator.aks.documents import NodeImageDocument
    from arm_emulator.aks.world_paths import Path, Problem


def image_problems(version: object, where: Path) -> Iterator[Problem]:
    """Whether a text names a node image with its build; what is not given is not wrong."""
    if version is not None and not (isinstance(version, str) and is_version(version)):
        yield (
            where,
            f"{version!r} is no node image with its build, such as AKSUbuntu-2204gen2containerd-202402.12.0",
        )


def release_problems(
    releases: Sequence[NodeImageDocument], known_regions: Collection[str]
) -> Iterator[Problem]:
    """Everything that is wrong with the images for all clusters, each with its path below ``nodeImages``."""
    for index, release in enumerate(releases):
        yield from image_problems(release.version, (index, "version"))
        for number, region in enumerate(release.regions or ()):
            if region not in known_regions:
                yield (index, "regions", number), f"{region!r} is none of the world's locations"
