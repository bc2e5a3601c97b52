"""Names of node images, taken apart and compared (N34, N35)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from fleetwright.domain.errors import ConfigurationError

_NAME = re.compile(
    r"(?P<family>[A-Za-z][\w.]*?(?:[-:][A-Za-z0-9_.]*[A-Za-z_][\w.]*|[-:]\d{4}(?=[-:]))*?)"
    r"[-:](?P<build>\d{4,6}\.\d{2,5}\.\d+)(?:-(?P<patched>\d{4}\.\d{2}\.\d{2}))?"
)


@dataclass(frozen=True, slots=True)
class NodeImage:
    """A node image by its name, such as ``AKSUbuntu-2204gen2containerd-202402.12.0-2024.02.20``.

    :param family: what does not change from build to build: ``AKSUbuntu-2204gen2containerd``
    :param build: ``202402.12.0``; older names have ``2020.10.28``, Windows has its own: ``20348.2227.240111``
    :param patched_to: the date of the security patches in it; empty for a weekly image
    """

    name: str
    family: str
    build: str
    patched_to: str = ""

    @property
    def order(self) -> tuple[tuple[int, ...], str]:
        """What grows from one image of a family to the next; patches on a build are newer than the build."""
        return _numbers(self.build), self.patched_to

    @property
    def base(self) -> str:
        """The image whose running nodes can be patched to this one: its own name without the patches."""
        return f"{self.family}-{self.build}"

    def is_newer_than(self, other: NodeImage) -> bool:
        """Whether it is a later image of the same family; never for another family."""
        return self.family.lower() == other.family.lower() and self.order > other.order


def parse_node_image(name: str) -> NodeImage:
    """Read a node image's name, with the colons that some answers of AKS have as well.

    :raises ConfigurationError: when it is no such name

    >>> parse_node_image("AKSUbuntu:1604:2020.03.11").base
    'AKSUbuntu-1604-2020.03.11'
    """
    match = _NAME.fullmatch(name.strip())
    if match is None:
        raise ConfigurationError(
            f"{name!r} is no node image's name, such as AKSUbuntu-2204gen2containerd-202402.12.0"
        )
    family = match["family"].replace(":", "-")
    return NodeImage(name.strip(), family, match["build"], match["patched"] or "")


class Standing(StrEnum):
    """What an image is to a node that runs another, or the same."""

    SAME = "same"
    NEWER = "newer"
    OLDER = "older"
    OTHER_FAMILY = "of another family"
    UNKNOWN = "not the same, and which is newer cannot be told from the names"


# A cluster has few images and many machines.
@lru_cache(maxsize=1024)
def compare_images(latest: str, running: str) -> Standing:
    """What the newest image is to what runs; names that cannot be read are compared for equality only (N34).

    >>> str(compare_images("AKSUbuntu-2204gen2containerd-202403.4.0", "AKSUbuntu-2204gen2containerd-202402.12.0"))
    'newer'
    """
    if same_image(latest, running):
        return Standing.SAME
    try:
        new, old = parse_node_image(latest), parse_node_image(running)
    except ConfigurationError:
        return Standing.UNKNOWN
    if new.family.lower() != old.family.lower():
        return Standing.OTHER_FAMILY
    if new.order == old.order:
        return Standing.SAME
    return Standing.NEWER if new.is_newer_than(old) else Standing.OLDER


def same_image(one: str, other: str) -> bool:
    """Whether two names mean one image: some answers of AKS have colons, and any case."""
    return _plain(one) == _plain(other)


def patches_of(latest: str, running: Iterable[str]) -> str:
    """The date up to which running nodes can be patched to reach an image; empty where only a reimage leads there.

    An image with security patches is reached by patching from every image of its own build (R69).
    """
    try:
        new, olds = parse_node_image(latest), [parse_node_image(name) for name in running]
    except ConfigurationError:
        return ""
    return new.patched_to if all(_plain(old.base) == _plain(new.base) for old in olds) else ""


def _plain(name: str) -> str:
    return name.strip().replace(":", "-").lower()


def _numbers(build: str) -> tuple[int, ...]:
    first, second, third = map(int, build.split("."))
    # 2020.03.11 is year, month, day; 202003.11.0 is year and month, day, revision.
    return (first * 100 + second, third, 0) if first < 10_000 else (first, second, third)
