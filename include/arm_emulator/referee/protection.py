"""N23: an instance that is protected from scale set actions is left alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arm_emulator.referee.violations import Violation, names

if TYPE_CHECKING:
    from collections.abc import Iterator

    from arm_emulator.referee.acceptance import Acceptance


def judge_protection(acceptance: Acceptance) -> Iterator[Violation]:
    """Judge the swaps of an accepted call."""
    protected = [acceptance.record.named(swap.instance) for swap in acceptance.swaps if swap.protected]
    if protected:
        detail = f"swap of {names(protected)}, protected from scale set actions"
        yield Violation("N23", acceptance.at, acceptance.record.id, detail)
