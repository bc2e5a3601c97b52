"""R5: an upgrade replaces the OS disk and keeps the data disks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arm_emulator.referee.violations import Violation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from arm_emulator.record import OsDiskSwapped
    from arm_emulator.referee.scale_set_record import ScaleSetRecord


def judge_disks(record: ScaleSetRecord, event: OsDiskSwapped) -> Iterator[Violation]:
    """Judge what a swap left behind."""
    if event.data_disks_lost:
        detail = f"{event.data_disks_lost} data disks of {record.noun} {record.named(event.instance)} lost"
        yield Violation("R5", event.at, record.id, detail)
