"""Before each batch: whether the fleet is still ours, may be upgraded now, and is healthy enough."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace

from fleetwright.domain.batches import select_batch
from fleetwright.domain.eligibility import opted_out
from fleetwright.domain.errors import ConfigurationError
from fleetwright.domain.instances import Instance
from fleetwright.domain.situation import Situation
from fleetwright.domain.states import RolloutState, SwapState
from fleetwright.domain.thresholds import INTERNAL, StopReason, judge_set, share
from fleetwright.rollout.cancelling import find_cancel
from fleetwright.rollout.recovering import recover_failed
from fleetwright.rollout.session import RolloutSession
from fleetwright.rollout.targets import tell_withdrawn
from fleetwright.rollout.whose_upgrade import why_not_now

log = logging.getLogger(__name__)

# A call that Azure refused changed nothing; after this many refused batches in a row a person has to look.
MAX_REFUSED_BATCHES = 3

# Codes of our own, beside Azure's.
CANCELLED, OPTED_OUT = "Cancelled", "OptedOut"


@dataclass(frozen=True, slots=True)
class Ending:
    """How a rollout ends: its state and why."""

    state: RolloutState
    reason: StopReason

    def to_dict(self) -> dict[str, str]:
        """As plain JSON."""
        return {"state": str(self.state), "code": self.reason.code, "message": self.reason.message}

    @classmethod
    def from_dict(cls, body: Mapping[str, str]) -> Ending:
        """From plain JSON."""
        return cls(RolloutState(body["state"]), StopReason(body["code"], body["message"]))


def check_health(session: RolloutSession) -> Ending | None:
    """Read the whole set again; an ending here comes before any further swap (R8, R14, R27, O3, O4).

    What an earlier holder decided stands. Its open batch is never stopped here: the instances get their
    verdicts first, or their previous version back.
    """
    if session.view.open_batch is not None:
        log.info(
            "batch %d is still open: its %ss get their verdicts first",
            session.view.open_batch.index + 1,
            session.fleet.kind.member,
        )
        return None
    if session.view.rollout.decided:
        return Ending.from_dict(session.view.rollout.decided)
    instances = session.list_instances()
    situation = session.situation(instances)
    if not select_batch(situation).pending_ids:
        log.info("nothing is left to upgrade to %s", situation.target_version)
        return None
    ending = (
        said_by_people(session) or _not_ours_any_more(session) or _not_rolled_out_any_more(session, situation)
    )
    return ending or _unhealthy(session, session.situation(recover_failed(session, instances)))


def said_by_people(session: RolloutSession) -> Ending | None:
    """The ending that a person asked for, if any; it comes at the next boundary of batches."""
    control = find_cancel(session)
    if control is None:
        return None
    message = f"cancelled by {control.actor}: {control.reason}"
    return Ending(RolloutState.CANCELLED, StopReason(CANCELLED, message))


def _not_ours_any_more(session: RolloutSession) -> Ending | None:
    reason = opted_out(session.fleet)
    if reason:
        return _withdraw(session, StopReason(OPTED_OUT, reason))
    held = why_not_now(session)
    return _withdraw(session, StopReason("OperationNotAllowed", held)) if held else None


def _not_rolled_out_any_more(session: RolloutSession, situation: Situation) -> Ending | None:
    """A gallery's version that was excluded, deleted or lost from the region since the last batch (R26, R27)."""
    fleet, target = session.fleet, situation.target_version
    try:
        reason = session.ports.catalogue.why_not_any_more(fleet, fleet.image, target)
    except ConfigurationError as error:
        reason = f"is gone: {error}"
    if not reason:
        return None
    why = f"{reason}: it was withdrawn while this rollout ran"
    state = RolloutState.FAULTED if session.view.swapped_ids else RolloutState.HELD
    return Ending(state, StopReason(INTERNAL, tell_withdrawn(fleet, situation, why)))


def _withdraw(session: RolloutSession, reason: StopReason) -> Ending:
    # Nothing swapped yet is a hold like any other; afterwards the set stands on two versions, and that is told.
    state = RolloutState.CANCELLED if session.view.swapped_ids else RolloutState.HELD
    return Ending(state, reason)


def _unhealthy(session: RolloutSession, situation: Situation) -> Ending | None:
    percent = situation.policy.max_unhealthy_instance_percent
    stop = judge_whole_set(session, situation)
    unhealthy = len(situation.unhealthy_ids)
    log.info(
        "%d of %d %ss unhealthy (%s, allowed %d%%)%s",
        unhealthy,
        situation.total,
        situation.member,
        share(unhealthy, situation.total),
        percent,
        ": stop" if stop else "",
    )
    return None if stop is None else Ending(RolloutState.FAULTED, stop)


def judge_whole_set(session: RolloutSession, situation: Situation) -> StopReason | None:
    """Judge the set by R8 and R14; a list may lag behind, so nobody is stopped over one who has come back."""
    percent = situation.policy.max_unhealthy_instance_percent
    started = bool(session.view.swapped_ids)
    stop = judge_set(
        situation.unhealthy_ids, situation.total, percent, started=started, member=situation.member
    )
    if stop is None:
        return None
    fresh = _reread(session, situation)
    return judge_set(fresh.unhealthy_ids, fresh.total, percent, started=started, member=fresh.member)


def _reread(session: RolloutSession, situation: Situation) -> Situation:
    """The situation with every unhealthy instance read itself; one that is gone by now is left out."""
    known: dict[str, Instance | None] = {instance.instance_id: instance for instance in situation.instances}
    for instance_id in situation.unhealthy_ids:
        known[instance_id] = session.ports.driver.fetch_instance(session.fleet, instance_id)
    return replace(situation, instances=tuple(found for found in known.values() if found is not None))


def refused_too_often(session: RolloutSession) -> Ending | None:
    """End a rollout whose calls Azure keeps refusing, with Azure's own words."""
    last = session.view.batches[-MAX_REFUSED_BATCHES:]
    swaps = [swap for batch in last for swap in session.view.swaps_of(batch)]
    if len(last) < MAX_REFUSED_BATCHES or not all(swap.state is SwapState.REFUSED for swap in swaps):
        return None
    message = f"Azure refused {len(last)} batches in a row: {swaps[-1].verdict_reason}"
    return Ending(RolloutState.FAULTED, StopReason(INTERNAL, message))
