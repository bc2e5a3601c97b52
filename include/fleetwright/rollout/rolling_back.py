"""The rollback step: exactly the recorded previous version, for exactly the unhealthy ones (R11, O7)."""

from __future__ import annotations

import logging
from functools import partial

from fleetwright.domain.records import RolloutView, SwapRecord
from fleetwright.domain.states import AWAITING_ROLLBACK, SwapState
from fleetwright.domain.thresholds import name_ids
from fleetwright.rollout import facts
from fleetwright.rollout.acts import ROLLBACK
from fleetwright.rollout.dispatch import reattach, send
from fleetwright.rollout.restoring import disk_to_leave
from fleetwright.rollout.retiring import begin_retiring
from fleetwright.rollout.session import RolloutSession

log = logging.getLogger(__name__)


def needs_rollback(view: RolloutView) -> bool:
    """Whether the open batch has unhealthy instances to roll back, rollbacks under way, or surplus of a surge."""
    batch = view.open_batch
    states = {swap.state for swap in view.swaps_of(batch)} if batch else set()
    if view.is_surging:
        return bool(states & {SwapState.HEALTHY, SwapState.UNHEALTHY})
    wanted = view.rollout.settings.rollback or view.is_restoring
    return bool(states & AWAITING_ROLLBACK) or (wanted and SwapState.UNHEALTHY in states)


def begin_rollback(session: RolloutSession) -> None:
    """Send the rollback of what is unhealthy in the open batch; on a healthy batch this does nothing."""
    if session.view.is_surging:
        begin_retiring(session)
        return
    reattach(session, ROLLBACK)
    if session.settings.rollback or session.view.is_restoring:
        disks = {
            swap.instance_id: disk for swap in _unhealthy(session) if (disk := disk_to_leave(session, swap))
        }
        if disks:
            session.write(facts.rollback_intended(disks, session.now()))
            _adopt_given_back(session)
    for swap in _of_open_batch(session, SwapState.ROLLBACK_INTENDED):
        log.warning(
            "rolling %s %s back to %s: %s",
            session.fleet.kind.member,
            swap.instance_id,
            _what_comes_back(swap),
            swap.verdict_reason,
        )
    _put_disks_back(session)
    begin = partial(session.ports.driver.begin_rollback, session.fleet)
    send(session, ROLLBACK, begin, lambda _is_first: session.guard)


def _unhealthy(session: RolloutSession) -> tuple[SwapRecord, ...]:
    return _of_open_batch(session, SwapState.UNHEALTHY)


def _of_open_batch(session: RolloutSession, state: SwapState) -> tuple[SwapRecord, ...]:
    batch = session.view.open_batch
    return () if batch is None else tuple(s for s in session.view.swaps_of(batch) if s.state is state)


def _what_comes_back(swap: SwapRecord) -> str:
    if swap.preserves_disk:
        return f"its previous disk {swap.old_disk_id} with {swap.old_version}"
    return f"{swap.old_version} on a new disk"


def _put_disks_back(session: RolloutSession) -> None:
    """Bring preserved disks back; whoever does not get his is not started (O7)."""
    waiting = _of_open_batch(session, SwapState.ROLLBACK_INTENDED)
    disks = {swap.instance_id: swap.old_disk_id for swap in waiting if swap.preserves_disk}
    if disks:
        failed = session.ports.driver.prepare_rollback(session.fleet, disks, session.guard)
        for instance_id, reason in failed.items():
            log.warning("instance %s did not get its previous disk back: %s", instance_id, reason)
            session.write(ROLLBACK.refuse((instance_id,), reason, session.now()))


def _is_given_back(session: RolloutSession, swap: SwapRecord) -> bool:
    instance = session.ports.driver.fetch_instance(session.fleet, swap.instance_id)
    # A machine that has its previous disk, and is down or never lost it, still waits for its start.
    return instance is not None and ROLLBACK.is_done(swap, instance) and ROLLBACK.is_taken(swap, instance)


def _adopt_given_back(session: RolloutSession) -> None:
    """What the provider gave back by itself meanwhile needs no call of ours; it is judged like our own rollback."""
    waiting = _of_open_batch(session, SwapState.ROLLBACK_INTENDED)
    ids = tuple(swap.instance_id for swap in waiting if _is_given_back(session, swap))
    if ids:
        session.write(facts.accepted(ids, "", ROLLBACK.accepted, session.now()))
        log.info("%ss %s have their previous version back already", session.fleet.kind.member, name_ids(ids))
