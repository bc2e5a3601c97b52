"""R46: the two regions of a pair are never upgraded at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arm_emulator.referee.violations import Violation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from arm_emulator.referee.acceptance import Acceptance


def judge_pairs(acceptance: Acceptance) -> Iterator[Violation]:
    """Judge the swaps of an accepted call."""
    if not acceptance.swaps:
        return
    record = acceptance.record
    for pair in sorted(acceptance.overlap.pairs_in_flight(record.location)):
        detail = f"instances in flight in {record.location} and in its pair {pair}"
        yield Violation("R46", acceptance.at, record.id, detail)
