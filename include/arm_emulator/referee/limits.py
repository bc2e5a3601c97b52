"""R7, R9 and R14: how many at once, how many in a batch, how many unhealthy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arm_emulator.referee.violations import Violation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from arm_emulator.referee.acceptance import Acceptance


def batch_cap(size: int, percent: int) -> int:
    """The most instances of a batch: rounded down, but never less than one.

    >>> [batch_cap(size, 20) for size in (1, 5, 9, 10, 15, 100)]
    [1, 1, 1, 2, 3, 20]
    """
    return max(1, size * percent // 100)


def judge_limits(acceptance: Acceptance) -> Iterator[Violation]:
    """Judge the swaps of an accepted call."""
    if acceptance.swaps:
        yield from _too_many_out_of_service(acceptance)
        yield from _too_large_a_batch(acceptance)
        yield from _too_many_unhealthy(acceptance)


def _too_many_out_of_service(acceptance: Acceptance) -> Iterator[Violation]:
    """R7. Replacing an instance that is out of service anyway takes nothing more out of service."""
    record = acceptance.record
    cap = batch_cap(record.size, acceptance.policy.max_batch_instance_percent)
    out = record.out_of_service()
    if out > cap and acceptance.newly_out:
        detail = f"{out} of {record.size} {record.noun}s out of service, cap {cap}"
        yield Violation("R7", acceptance.at, record.id, detail)


def _too_large_a_batch(acceptance: Acceptance) -> Iterator[Violation]:
    record, swaps = acceptance.record, acceptance.swaps
    cap = batch_cap(record.size, acceptance.policy.max_batch_instance_percent)
    size = len(record.batch_of[swaps[0].instance].instances)
    if size > cap:
        detail = f"a batch of {size} of {record.size} {record.noun}s, at most {cap}"
        yield Violation("R9", acceptance.at, record.id, detail)


def _too_many_unhealthy(acceptance: Acceptance) -> Iterator[Violation]:
    """R14, over the state just after the acceptance: what the call itself replaces is in flight, not unhealthy."""
    record = acceptance.record
    unhealthy = record.unhealthy()
    threshold = acceptance.policy.max_unhealthy_instance_percent
    if unhealthy * 100 > threshold * record.size:
        detail = f"a swap while {unhealthy} of {record.size} {record.noun}s are unhealthy, more than {threshold} percent"
        yield Violation("R14", acceptance.at, record.id, detail)
