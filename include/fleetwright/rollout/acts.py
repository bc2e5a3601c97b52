"""The two acts of a rollout, swap and rollback, as data: what differs between them stands here alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from fleetwright.domain.ailments import Sign
from fleetwright.domain.events import Event
from fleetwright.domain.health import (
    Patience,
    Verdict,
    found_bad,
    is_replaced,
    is_restored,
    judge_rollback,
    judge_swap,
)
from fleetwright.domain.instances import DOWN, STARTING, HealthSource, Instance
from fleetwright.domain.records import SwapRecord
from fleetwright.domain.states import AWAITING_ROLLBACK, AWAITING_VERDICT, SwapState
from fleetwright.rollout import facts

Judge = Callable[[SwapRecord, Instance | None, HealthSource, Patience, datetime], Verdict]


@dataclass(frozen=True, slots=True)
class Act:
    """A swap or a rollback.

    :param unsent: the state in which the call may or may not have been sent
    :param awaiting: the states that wait for a verdict
    :param version_of: the version that an instance must come to show
    :param shows: whether an instance has the disk that the act brings
    :param is_taken: whether an instance shows that Azure has taken the call
    :param replaced: the state of a swap whose new disk was seen, None where that moves no state
    :param refuse: the event that says that Azure refused the call
    """

    name: str
    unsent: SwapState
    accepted: SwapState
    awaiting: frozenset[SwapState]
    judge: Judge
    version_of: Callable[[SwapRecord], str]
    shows: Callable[[SwapRecord, Instance], bool]
    is_taken: Callable[[SwapRecord, Instance], bool]
    good: SwapState
    bad: SwapState
    replaced: SwapState | None
    refuse: Callable[[Sequence[str], str, datetime], Event]

    def is_done(self, swap: SwapRecord, instance: Instance | None) -> bool:
        """Whether the instance shows the disk that the act brings."""
        return instance is not None and self.shows(swap, instance)


def _shows_new_disk(swap: SwapRecord, instance: Instance) -> bool:
    return is_replaced(instance, swap.new_version, swap.old_disk_id)


def _swap_is_taken(swap: SwapRecord, instance: Instance) -> bool:
    return not instance.is_settled or _shows_new_disk(swap, instance)


def _is_at_work(swap: SwapRecord, instance: Instance) -> bool:
    # A Batch node that still starts on the swap's own disk shows the end of the swap, not a rollback.
    starts = instance.provisioning_state in STARTING and instance.os_disk_id == swap.new_disk_id
    return not instance.is_settled and not starts


def _rollback_is_taken(swap: SwapRecord, instance: Instance) -> bool:
    if not swap.preserves_disk:
        return _is_at_work(swap, instance) or is_restored(swap, instance)
    # Deallocating and attaching come before the call, which is the start: whoever is at those is not there yet.
    is_up = instance.power not in DOWN and is_restored(swap, instance)
    # Where the swap never took the old disk away, only work under way tells a start from what was before.
    return is_up and (bool(swap.new_disk_id) or not instance.is_settled)


def _refuse_rollback(instance_ids: Sequence[str], reason: str, now: datetime) -> Event:
    verdict = found_bad(f"Azure refused the rollback: {reason}", Sign.REFUSED)
    failed = SwapState.ROLLBACK_FAILED
    return facts.judged(dict.fromkeys(instance_ids, verdict), dict.fromkeys(instance_ids, failed), now)


SWAP = Act(
    name="swap",
    unsent=SwapState.SENDING,
    accepted=SwapState.ACCEPTED,
    awaiting=AWAITING_VERDICT,
    judge=judge_swap,
    version_of=lambda swap: swap.new_version,
    shows=_shows_new_disk,
    is_taken=_swap_is_taken,
    good=SwapState.HEALTHY,
    bad=SwapState.UNHEALTHY,
    replaced=SwapState.SWAPPED,
    refuse=facts.refused,
)
ROLLBACK = Act(
    name="rollback",
    unsent=SwapState.ROLLBACK_INTENDED,
    accepted=SwapState.ROLLBACK_ACCEPTED,
    awaiting=AWAITING_ROLLBACK,
    judge=judge_rollback,
    version_of=lambda swap: swap.old_version,
    shows=is_restored,
    is_taken=_rollback_is_taken,
    good=SwapState.ROLLED_BACK,
    bad=SwapState.ROLLBACK_FAILED,
    replaced=None,
    refuse=_refuse_rollback,
)
ACTS: Mapping[str, Act] = {act.name: act for act in (SWAP, ROLLBACK)}
