"""The swap step of a surge: whether a batch may surge, and the call that creates the new instances (N15, N16)."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from fleetwright.domain.errors import ProviderError
from fleetwright.domain.fleets import Fleet
from fleetwright.domain.instances import Instance
from fleetwright.domain.quotas import why_no_room
from fleetwright.domain.states import SwapState
from fleetwright.domain.surges import why_in_place
from fleetwright.domain.thresholds import name_ids, named
from fleetwright.rollout import facts
from fleetwright.rollout.acts import SWAP
from fleetwright.rollout.admission import Admission, AdmissionGuard
from fleetwright.rollout.dispatch import LOST_CALL_LIFETIME, SEND_ATTEMPTS, unsent
from fleetwright.rollout.flights import CALL_LIFETIME
from fleetwright.rollout.provider_errors import AnswerLostError, CallRefusedError
from fleetwright.rollout.session import Ports, RolloutSession
from fleetwright.rollout.targets import newest_version

log = logging.getLogger(__name__)

IN_PLACE = "in place"


def decide_surge(
    session: RolloutSession, chosen: Sequence[Instance], instances: Sequence[Instance]
) -> tuple[dict[str, Any] | None, str]:
    """What the ledger has to know for a surge of the batch, None for one in place; and what to say of it.

    The quota is asked before each batch, and once a batch was swapped in place the rest of the rollout is (N16).
    """
    if not session.fleet.effective_policy.max_surge:
        return None, ""
    session.refresh_fleet()
    session.ports.catalogue.forget()  # a newer version may have come out since the last batch
    target = session.settings.target_version
    reason = _in_place_since(session) or why_not_surged(session.ports, session.fleet, chosen, target)
    if reason:
        log.warning("maxSurge: this batch is swapped in place: %s", reason)
        return None, f"{IN_PLACE}, not surged: {reason}"
    surge = {"capacity": session.fleet.capacity, "known_ids": [i.instance_id for i in instances]}
    return surge, f"surged: {len(chosen)} new instances first"


def why_not_surged(ports: Ports, fleet: Fleet, chosen: Sequence[Instance], target: str) -> str:
    """Why so many instances more cannot come first; empty where they can. An error while asking means no."""
    try:
        reason = why_in_place(fleet, chosen, target, newest_version(ports.catalogue, fleet))
        return reason or why_no_room(fleet.vm_size, len(chosen), ports.driver.list_usages(fleet))
    except ProviderError as error:
        return f"neither the newest version nor the quota could be told: {error}"


def surge_warnings(ports: Ports, fleet: Fleet, instances: Sequence[Instance], target: str) -> tuple[str, ...]:
    """What the plan says of maxSurge.

    :param instances: those that are to be upgraded
    """
    if not fleet.effective_policy.max_surge or not instances:
        return ()
    reason = why_not_surged(ports, fleet, instances[: fleet_cap(fleet, len(instances))], target)
    if reason:
        return (f"maxSurge is set, and batches are swapped in place: {reason} (N16)",)
    return ("maxSurge: each batch comes up as new instances before the old ones are deleted (N15)",)


def _in_place_since(session: RolloutSession) -> str:
    """Why an earlier batch of this rollout was swapped in place, or its surge refused."""
    for batch in session.view.batches:
        swaps = [s for s in session.view.swaps_of(batch) if s.batch_index == batch.index]
        if batch.capacity and swaps and all(swap.state is SwapState.REFUSED for swap in swaps):
            return f"the surge of batch {batch.index + 1} was refused: {swaps[0].verdict_reason}"
        if not batch.capacity and f"{IN_PLACE}, not surged: " in batch.reason:
            return batch.reason.partition(f"{IN_PLACE}, not surged: ")[2]
    return ""


def send_surge(session: RolloutSession, admitted_at: datetime | None, *, in_doubt: bool) -> None:
    """Create the new instances of the open batch, once, whatever is lost on the way.

    :param in_doubt: an earlier process may have sent the call
    """
    for attempt in range(SEND_ATTEMPTS):
        if in_doubt or attempt:
            _adopt(session, LOST_CALL_LIFETIME if attempt else CALL_LIFETIME)
        if not unsent(session, SWAP):
            return
        _send_once(session, admitted_at if not in_doubt and not attempt else None)
    _refuse(session, f"none of {SEND_ATTEMPTS} calls was answered, and no new instance came up")


def _send_once(session: RolloutSession, admitted_at: datetime | None) -> None:
    batch, ids = session.view.open_batch, _unsent_ids(session)
    if batch is None:
        return
    fleet = session.fleet if admitted_at else session.ports.driver.fetch_fleet(session.fleet.fleet_id)
    if fleet.capacity != batch.capacity:
        _refuse(session, f"somebody else scaled the set from {batch.capacity} to {fleet.capacity}")
        return
    wanted = batch.capacity + len(ids)
    try:
        guard = AdmissionGuard(session, Admission(admitted_at))
        url = session.ports.driver.begin_scaling(session.fleet, wanted, guard)
    except CallRefusedError as error:
        _refuse(session, str(error))
    except AnswerLostError as error:
        log.warning("the answer to the surge to %d instances was lost (%s): reading the set", wanted, error)
    else:
        session.write(facts.accepted(ids, url, SWAP.accepted, session.now()))
        log.info("%d new instances were asked for, %d instances in all", len(ids), wanted)


def _adopt(session: RolloutSession, lifetime: timedelta) -> None:
    """Look for the new instances until they are there or the call cannot be alive any more."""
    deadline = session.now() + lifetime
    while (batch := session.view.open_batch) is not None and (ids := _unsent_ids(session)):
        capacity = session.ports.driver.fetch_fleet(session.fleet.fleet_id).capacity
        known = set(batch.known_ids)
        fresh = sum(i.instance_id not in known for i in session.list_instances())
        if capacity >= batch.capacity + len(ids) or fresh >= len(ids):
            session.write(facts.accepted(ids, "", SWAP.accepted, session.now()))
            log.info("the new instances for %s were asked for already; not asked again", name_ids(ids))
            return
        if session.now() >= deadline:
            return
        session.ports.clock.wait_until(min(deadline, session.now() + session.poll))


def _unsent_ids(session: RolloutSession) -> tuple[str, ...]:
    return tuple(swap.instance_id for swap in unsent(session, SWAP))


def _refuse(session: RolloutSession, reason: str) -> None:
    ids = _unsent_ids(session)
    if ids:
        log.warning("the surge of %s was refused: %s", named(ids), reason)
        session.write(facts.refused(ids, reason, session.now()))


def fleet_cap(fleet: Fleet, most: int) -> int:
    """How many instances a batch of the set has at most."""
    percent = fleet.effective_policy.max_batch_instance_percent
    return min(most, max(1, fleet.capacity * percent // 100))
