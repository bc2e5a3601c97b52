"""R5: an upgrade replaces the OS disk and keeps the data disks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arm_emulator.referee.violations import Violation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from arm_emulator.record import OsDiskSwapped


def judge_disks(event: OsDiskSwapped) -> Iterator[Violation]:
    """Judge what a swap left behind."""
    if event.data_disks_lost:
        detail = f"{event.data_disks_lost} data disks of instance {event.instance} lost"
        yield Violation("R5", event.at, event.scale_set, detail)
