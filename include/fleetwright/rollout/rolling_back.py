"""The rollback step: exactly the recorded previous version, for exactly the unhealthy ones (R11, O7)."""

from __future__ import annotations

import logging
from functools import partial

from fleetwright.domain.health import is_ready
from fleetwright.domain.records import RolloutView, SwapRecord
from fleetwright.domain.states import AWAITING_ROLLBACK, SwapState
from fleetwright.rollout import facts
from fleetwright.rollout.acts import ROLLBACK
from fleetwright.rollout.dispatch import reattach, send
from fleetwright.rollout.session import RolloutSession

log = logging.getLogger(__name__)


def needs_rollback(view: RolloutView) -> bool:
    """Whether the open batch has unhealthy instances to roll back, or rollbacks under way."""
    batch = view.open_batch
    states = {swap.state for swap in view.swaps_of(batch)} if batch else set()
    return bool(states & AWAITING_ROLLBACK) or (
        view.rollout.settings.rollback and SwapState.UNHEALTHY in states
    )


def begin_rollback(session: RolloutSession) -> None:
    """Send the rollback of what is unhealthy in the open batch; on a healthy batch this does nothing."""
    reattach(session, ROLLBACK)
    if session.settings.rollback:
        ids = tuple(
            swap.instance_id for swap in _unhealthy(session) if _has_something_to_restore(session, swap)
        )
        if ids:
            session.write(facts.rollback_intended(ids, session.now()))
    for swap in _of_open_batch(session, SwapState.ROLLBACK_INTENDED):
        log.warning(
            "rolling instance %s back to %s on a new disk: %s",
            swap.instance_id,
            swap.old_version,
            swap.verdict_reason,
        )
    begin = partial(session.ports.driver.begin_rollback, session.fleet)
    send(session, ROLLBACK, begin, session.guard)


def _unhealthy(session: RolloutSession) -> tuple[SwapRecord, ...]:
    return _of_open_batch(session, SwapState.UNHEALTHY)


def _of_open_batch(session: RolloutSession, state: SwapState) -> tuple[SwapRecord, ...]:
    batch = session.view.open_batch
    return () if batch is None else tuple(s for s in session.view.swaps_of(batch) if s.state is state)


def _has_something_to_restore(session: RolloutSession, swap: SwapRecord) -> bool:
    instance = session.ports.driver.fetch_instance(session.fleet, swap.instance_id)
    if instance is None:
        log.info("instance %s does not exist any more: nothing to put back", swap.instance_id)
        return False
    kept = instance.version == swap.old_version and instance.os_disk_id.lower() == swap.old_disk_id.lower()
    if kept and is_ready(instance, session.fleet.health_source):
        log.info("instance %s kept its disk and is ready: nothing to put back", swap.instance_id)
        return False
    return True
