"""Quotas of a region, and whether some instances more fit them (N16)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

REGIONAL, MACHINES = "cores", "virtualmachines"

# The digits of a size are its vCPUs, which holds for all but some old series; its letters name its family.
_SIZE = re.compile(
    r"[A-Za-z]+_([A-Za-z]+?)(\d+)(?:-\d+)?([a-z]*)(?:_[A-Z]\d+)*(?:_(v\d+))?(?:_.*)?", re.ASCII
)
_NO_FAMILY = frozenset("mrti")


@dataclass(frozen=True, slots=True)
class Usage:
    """One quota of a region (``usages``).

    :param name: ``cores`` for all vCPUs of the region, else a family such as ``standardDSv3Family``
    """

    name: str
    used: int
    limit: int


def why_no_room(vm_size: str, count: int, usages: Iterable[Usage]) -> str:
    """Why so many instances more do not fit; empty where they do. What cannot be told means no.

    >>> why_no_room("Standard_D2s_v3", 3, [Usage("cores", 95, 100)])
    'quota cores: 95 of 100 used, 3 instances of Standard_D2s_v3 need 6 more'
    """
    match = _SIZE.fullmatch(vm_size)
    if match is None:
        return f"VM size {vm_size!r} does not tell how many vCPUs it has, so the quota cannot be checked"
    series, vcpus, features, generation = match.groups()
    letters = series + "".join(letter for letter in features if letter not in _NO_FAMILY)
    family = f"standard{letters}{generation or ''}family".lower()
    needed = {REGIONAL: int(vcpus) * count, family: int(vcpus) * count, MACHINES: count}
    known = {usage.name.lower(): usage for usage in usages}
    if REGIONAL not in known:
        return "the region's usages do not show its quota of cores"
    for name, more in needed.items():
        usage = known.get(name)
        if usage is not None and usage.used + more > usage.limit:
            return (
                f"quota {usage.name}: {usage.used} of {usage.limit} used, "
                f"{count} instances of {vm_size} need {more} more"
            )
    return ""
