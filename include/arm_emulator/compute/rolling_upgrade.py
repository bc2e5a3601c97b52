"""A rolling upgrade of a scale set: what ``rollingUpgrades/latest`` and ``osUpgradeHistory`` tell about it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from arm_emulator.compute.instance import Instance
    from arm_emulator.compute.model import JsonObject

KEPT_UPGRADES = 5
"""``osUpgradeHistory`` shows so many at most (R39)."""


class UpgradeCode(StrEnum):
    """``runningStatus.code``."""

    ROLLING_FORWARD = "RollingForward"
    ROLLING_BACK = "RollingBack"
    CANCELLED = "Cancelled"
    COMPLETED = "Completed"
    FAULTED = "Faulted"


UNDER_WAY = frozenset({UpgradeCode.ROLLING_FORWARD, UpgradeCode.ROLLING_BACK})


class StartedBy(StrEnum):
    """``startedBy``: Azure's own orchestrator, or a person's ``osRollingUpgrade``."""

    PLATFORM = "Platform"
    USER = "User"


class Standing(StrEnum):
    """What has become of an instance whose disk the upgrade replaced."""

    UPGRADING = "upgrading"
    UPGRADED = "upgraded"
    FAILED = "failed"
    ROLLING_BACK = "rollingBack"
    ROLLED_BACK = "rolledBack"
    ROLLBACK_FAILED = "rollbackFailed"


IN_FLIGHT = frozenset({Standing.UPGRADING, Standing.ROLLING_BACK})


@dataclass(slots=True)
class UpgradeSwap:
    """One instance's turn in the upgrade.

    :param previous: the version that it ran before.
    :param disk: how often its OS disk had been replaced before.
    """

    previous: str
    disk: int
    standing: Standing = Standing.UPGRADING


@dataclass(slots=True)
class RollingUpgrade:
    """One rolling upgrade.

    :param version: to which it goes; None for one that the world merely shows, as somebody else's.
    :param image: the image reference that it goes by.
    :param deferred: it swaps what is approved and judges nothing.
    :param rolls_back: an instance that does not get healthy gets its previous version back (R11, C12).
    :param cancelling: nothing new is begun; it ends with what is in flight.
    :param may_begin_again: the model was changed after its end, so the same version may be tried again (N12).
    :param not_before: no batch begins before, for the pause between batches.
    :param blocked_since: nothing has fitted the budget since then.
    :param operations: ids of the operations that end with it.
    """

    code: UpgradeCode
    started: datetime | None = None
    last_action: str = "Start"
    last_action_at: datetime | None = None
    ended: datetime | None = None
    policy: JsonObject | None = None
    progress: dict[str, int] | None = None
    error: JsonObject | None = None
    version: str | None = None
    started_by: StartedBy = StartedBy.PLATFORM
    image: JsonObject | None = None
    deferred: bool = False
    rolls_back: bool = False
    cancelling: bool = False
    may_begin_again: bool = False
    not_before: datetime | None = None
    blocked_since: datetime | None = None
    swaps: dict[str, UpgradeSwap] = field(default_factory=dict)
    operations: list[str] = field(default_factory=list)

    @property
    def is_under_way(self) -> bool:
        """Whether it may still change instances."""
        return self.code in UNDER_WAY

    @property
    def is_run_here(self) -> bool:
        """Whether this world carries it out, and does not merely show it."""
        return self.version is not None

    @property
    def in_flight(self) -> list[str]:
        """The instances at which it is at work."""
        return [i for i, swap in self.swaps.items() if swap.standing in IN_FLIGHT]

    def awaits_approval(self, instance: Instance) -> bool:
        """Whether a deferred upgrade waits for somebody to approve this instance (N24)."""
        return (
            self.deferred
            and self.is_under_way
            and not self.cancelling
            and self.version is not None
            and instance.instance_id not in self.swaps
            and instance.is_behind(self.version)
        )
