"""Rolling upgrades in world documents."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from arm_emulator.compute.rolling_upgrade import (
    RollingUpgrade,
    Standing,
    StartedBy,
    UpgradeCode,
    UpgradeSwap,
)
from arm_emulator.instants import admin_instant, parse_instant
from arm_emulator.world.words import Document, InstanceId, Instant

if TYPE_CHECKING:
    from datetime import datetime


class UpgradeSwapDocument(Document):
    """One instance's turn in an upgrade."""

    previous: str
    disk: int = Field(ge=1)
    standing: Standing = Field(strict=False)


class RollingUpgradeDocument(Document):
    """A rolling upgrade: the body of ``rollingUpgrades/latest``, ``code`` apart all optional.

    One without ``platformVersion`` is somebody else's and only shown. With it this world carries the upgrade to that
    version out, and the keys after it say how far that is.
    """

    code: UpgradeCode = Field(strict=False)
    startTime: Instant | None = None
    endTime: Instant | None = None
    lastAction: Literal["Start", "Cancel"] = "Start"
    lastActionTime: Instant | None = None
    policy: dict[str, Any] | None = None
    progress: dict[str, int] | None = None
    error: dict[str, Any] | None = None
    platformVersion: str | None = None
    startedBy: StartedBy | None = Field(default=None, strict=False)
    targetImageReference: dict[str, Any] | None = None
    deferred: bool | None = None
    rollsBack: bool | None = None
    cancelling: bool | None = None
    mayBeginAgain: bool | None = None
    notBefore: Instant | None = None
    blockedSince: Instant | None = None
    swaps: dict[InstanceId, UpgradeSwapDocument] | None = None
    operations: list[str] | None = None

    def upgrade(self) -> RollingUpgrade:
        """The upgrade that it describes."""
        swaps = (self.swaps or {}).items()
        return RollingUpgrade(
            code=self.code,
            started=_instant(self.startTime),
            last_action=self.lastAction,
            last_action_at=_instant(self.lastActionTime),
            ended=_instant(self.endTime),
            policy=self.policy,
            progress=self.progress,
            error=self.error,
            version=self.platformVersion,
            started_by=self.startedBy or StartedBy.PLATFORM,
            image=self.targetImageReference,
            deferred=bool(self.deferred),
            rolls_back=bool(self.rollsBack),
            cancelling=bool(self.cancelling),
            may_begin_again=bool(self.mayBeginAgain),
            not_before=_instant(self.notBefore),
            blocked_since=_instant(self.blockedSince),
            swaps={i: UpgradeSwap(said.previous, said.disk, said.standing) for i, said in swaps},
            operations=list(self.operations or ()),
        )


def upgrade_document(upgrade: RollingUpgrade) -> dict[str, Any]:
    """An upgrade as a document; what has its default is left out."""
    document = RollingUpgradeDocument(
        code=upgrade.code,
        startTime=_text(upgrade.started),
        endTime=_text(upgrade.ended),
        lastAction="Cancel" if upgrade.last_action == "Cancel" else "Start",
        lastActionTime=_text(upgrade.last_action_at),
        policy=upgrade.policy,
        progress=upgrade.progress,
        error=upgrade.error,
        platformVersion=upgrade.version,
        startedBy=upgrade.started_by if upgrade.is_run_here else None,
        targetImageReference=upgrade.image,
        deferred=upgrade.deferred or None,
        rollsBack=upgrade.rolls_back or None,
        cancelling=upgrade.cancelling or None,
        mayBeginAgain=upgrade.may_begin_again or None,
        notBefore=_text(upgrade.not_before),
        blockedSince=_text(upgrade.blocked_since),
        swaps={
            i: UpgradeSwapDocument(previous=swap.previous, disk=swap.disk, standing=swap.standing)
            for i, swap in upgrade.swaps.items()
        }
        or None,
        operations=upgrade.operations or None,
    )
    return document.model_dump(mode="json", exclude_none=True)


def _instant(text: str | None) -> datetime | None:
    return None if text is None else parse_instant(text)


def _text(instant: datetime | None) -> str | None:
    return None if instant is None else admin_instant(instant)
