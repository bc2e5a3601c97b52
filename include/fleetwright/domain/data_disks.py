"""An instance's data disks before and after a replacement of its OS disk: each must be where it was (R5, N5)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

# In the order in which words are looked for; the ids of disks have no colon.
CACHINGS = ("None", "ReadOnly", "ReadWrite")


@dataclass(frozen=True, slots=True)
class DataDisk:
    """One data disk as the ledger writes it: ``lun:id:caching``.

    :param disk_id: its ARM id in lower case, or what else names it
    :param caching: empty where it was written down before caching was compared
    """

    lun: int
    disk_id: str
    caching: str = ""

    def __str__(self) -> str:
        return ":".join((str(self.lun), self.disk_id, *([self.caching] if self.caching else [])))

    @classmethod
    def parse(cls, text: str) -> DataDisk:
        """Read what ``str`` gives.

        >>> DataDisk.parse("0:/disks/data:ReadOnly")
        DataDisk(lun=0, disk_id='/disks/data', caching='ReadOnly')
        """
        lun, _, rest = text.partition(":")
        disk_id, _, caching = rest.rpartition(":")
        if caching in CACHINGS:
            return cls(int(lun), disk_id, caching)
        return cls(int(lun), rest)

    @property
    def place(self) -> str:
        """LUN and caching, as a person reads them."""
        return f"LUN {self.lun}, caching {self.caching}" if self.caching else f"LUN {self.lun}"


def describe_differences(before: Sequence[str], after: Sequence[str]) -> tuple[str, ...]:
    """Every difference between two readings of an instance's data disks, one sentence each; none is right (R5).

    >>> describe_differences(["0:/d/a:None"], ["1:/d/a:None"])
    ('data disk /d/a was at LUN 0, caching None and is at LUN 1, caching None',)
    """
    old = {disk.disk_id: disk for disk in map(DataDisk.parse, before)}
    new = {disk.disk_id: disk for disk in map(DataDisk.parse, after)}
    lost = (f"data disk {i} was at {old[i].place} and is lost" for i in old if i not in new)
    changed = (
        f"data disk {i} was at {old[i].place} and is at {new[i].place}"
        for i in old
        if i in new and not _is_in_place(old[i], new[i])
    )
    added = (f"data disk {i} was not there and is at {new[i].place}" for i in new if i not in old)
    return (*lost, *changed, *added)


def _is_in_place(old: DataDisk, new: DataDisk) -> bool:
    is_known = bool(old.caching and new.caching)
    return old.lun == new.lun and (not is_known or old.caching == new.caching)
