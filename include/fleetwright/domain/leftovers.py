"""Disks that swaps and rollbacks of ours took off their instances: which are still needed, and which are in the way.

A disk is needed while its instance is not confirmed: without a good verdict, or in a batch that is not over. Nothing
but the ledger says that a disk is ours; whether it is unattached right now is the provider's word.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from fleetwright.domain.records import RolloutView, SwapRecord
from fleetwright.domain.states import SwapState

# The instance may have lost its old disk, and nobody has said yet that it does not need it any more.
_UNCONFIRMED = frozenset(SwapState) - {SwapState.REFUSED, SwapState.INTENDED, SwapState.ROLLED_BACK}


@dataclass(frozen=True, slots=True)
class Leftover:
    """One disk that a rollout left behind, or is about to.

    :param rollout_id: the rollout that owns it
    :param since: when its instance was seen on another disk, or was about to be
    :param is_needed: an instance that is not confirmed may have to get it back
    """

    disk_id: str
    instance_id: str
    rollout_id: str
    fleet_id: str
    since: datetime | None
    why: str
    is_needed: bool


def list_leftovers(views: Sequence[RolloutView]) -> tuple[Leftover, ...]:
    """Every disk that is recorded as left behind and not as gone, each once; a disk that anybody needs is needed.

    :param views: the rollouts of one fleet, newest first
    """
    confirmed: set[str] = set()
    found: dict[str, Leftover] = {}
    for view in views:
        for leftover in _of_rollout(view):
            if leftover.is_needed and leftover.instance_id in confirmed:
                why = "a later rollout confirmed its instance on another disk"
                leftover = replace(leftover, is_needed=False, why=why)  # noqa: PLW2901 - the same disk, seen later
            known = found.get(leftover.disk_id.lower())
            if known is None or (leftover.is_needed and not known.is_needed):
                found[leftover.disk_id.lower()] = leftover
        confirmed |= {i for i, swap in view.swaps.items() if _is_confirmed(view, swap)}
    return tuple(found.values())


def _of_rollout(view: RolloutView) -> Iterator[Leftover]:
    for swap in view.swaps.values():
        if not swap.preserves_disk:
            continue
        gone = {disk.lower() for disk in swap.swept_disk_ids}
        for disk_id, why, is_needed in _disks_of(view, swap):
            if disk_id and disk_id.lower() not in gone:
                rollout, since = view.rollout, swap.ended_at or swap.attempted_at
                yield Leftover(
                    disk_id,
                    swap.instance_id,
                    rollout.rollout_id,
                    rollout.settings.fleet_id,
                    since,
                    why,
                    is_needed,
                )


def _disks_of(view: RolloutView, swap: SwapRecord) -> Iterator[tuple[str, str, bool]]:
    is_over = _is_settled(view, swap)
    if swap.state in _UNCONFIRMED:
        if _is_confirmed(view, swap):
            yield swap.old_disk_id, f"replaced by the upgrade to {swap.new_version}", False
        else:
            yield swap.old_disk_id, f"previous disk of {swap.instance_id}, which is {_word(swap)}", True
    if swap.state in {SwapState.ROLLED_BACK, SwapState.ROLLBACK_FAILED}:
        yield swap.new_disk_id, f"taken off by the rollback from {swap.new_version}", not is_over


def _word(swap: SwapRecord) -> str:
    if swap.state is SwapState.HEALTHY:
        return "healthy in a batch that is not over"
    return f"not confirmed ({swap.state})"


def _is_confirmed(view: RolloutView, swap: SwapRecord) -> bool:
    return swap.state is SwapState.HEALTHY and _is_settled(view, swap)


def _is_settled(view: RolloutView, swap: SwapRecord) -> bool:
    return any(b.index == swap.batch_index and b.settled_at is not None for b in view.batches)
