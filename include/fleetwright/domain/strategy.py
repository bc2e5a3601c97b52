"""How the OS disks of a fleet are replaced in a rollout (O1)."""

from __future__ import annotations

from enum import StrEnum


class Strategy(StrEnum):
    """Who replaces the disks; decided once for a rollout, where it can be seen."""

    REIMAGE = "reimage"  # we do, by a call of our own for each batch
    APPROVE = "approve"  # Azure does: its deferred upgrade waits until we approve the batch

    @property
    def words(self) -> str:
        """For the plan."""
        return _WORDS[self]


_WORDS = {
    Strategy.REIMAGE: "reimage: each batch's disks are replaced by a call of ours",
    Strategy.APPROVE: "approve: Azure's deferred upgrade waits, and replaces the disks of each batch we approve",
}
