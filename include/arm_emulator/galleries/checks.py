"""What is wrong with the galleries of a world document, beyond the types of their keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arm_emulator.galleries.versions import target_names

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from arm_emulator.galleries.documents import GalleryDocument, VersionDocument

Path = tuple[str | int, ...]
Problem = tuple[Path, str]


def gallery_problems(
    documents: Sequence[GalleryDocument], known_regions: Collection[str]
) -> Iterator[Problem]:
    """Everything that is wrong, each with its path below ``galleries``."""
    yield from _twice((), "id", (document.id for document in documents))
    for name in ("sharedAs", "communityAs"):
        given = ((i, getattr(document.x_emulator, name)) for i, document in enumerate(documents))
        yield from _same_name(name, [(i, text) for i, text in given if text is not None])
    for index, document in enumerate(documents):
        yield from _image_problems(document, (index,), known_regions)


def _image_problems(document: GalleryDocument, where: Path, known: Collection[str]) -> Iterator[Problem]:
    if document.location is not None and document.location not in known:
        yield (*where, "location"), f"{document.location!r} is none of the world's locations"
    yield from _twice((*where, "images"), "name", (image.name for image in document.images))
    for i, image in enumerate(document.images):
        here = (*where, "images", i, "versions")
        yield from _twice(here, "name", (version.name for version in image.versions))
        for j, version in enumerate(image.versions):
            yield from _region_problems(version, (*here, j), known)


def _region_problems(version: VersionDocument, where: Path, known: Collection[str]) -> Iterator[Problem]:
    targets = target_names(version.properties.get("publishingProfile") or {})
    profile = (*where, "properties", "publishingProfile", "targetRegions")
    for index, name in enumerate(targets):
        if name not in known:
            yield (*profile, index, "name"), f"{name!r} is none of the world's locations"
    extras = version.x_emulator
    named = {"replicated": extras.replicated or (), "replication": tuple(extras.replication)}
    for key, names in named.items():
        for name in names:
            if name not in (targets or known):
                words = (
                    "is none of the version's target regions"
                    if targets
                    else "is none of the world's locations"
                )
                yield (*where, "x-emulator", key), f"{name!r} {words}"


def _twice(where: Path, key: str, names: Iterable[str]) -> Iterator[Problem]:
    seen: set[str] = set()
    for index, name in enumerate(names):
        if name.lower() in seen:
            yield (*where, index, key), f"{name!r} stands there twice"
        seen.add(name.lower())


def _same_name(key: str, names: list[tuple[int, str]]) -> Iterator[Problem]:
    seen: set[str] = set()
    for index, name in names:
        if name.lower() in seen:
            yield (index, "x-emulator", key), f"{name!r} is another gallery's name already"
        seen.add(name.lower())
