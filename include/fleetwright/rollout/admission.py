"""Whether a swap may be sent now: asked right before the call, and again before every later attempt of it."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from fleetwright.domain.batches import select_batch, why_not_admitted
from fleetwright.domain.eligibility import opted_out
from fleetwright.domain.holdups import why_not_drained
from fleetwright.domain.instances import Instance
from fleetwright.domain.queues import domain_of
from fleetwright.domain.situation import Selection, Situation
from fleetwright.domain.thresholds import name_ids
from fleetwright.rollout.acts import SWAP
from fleetwright.rollout.check import judge_whole_set
from fleetwright.rollout.dispatch import unsent
from fleetwright.rollout.lining_up import why_not_our_turn
from fleetwright.rollout.provider_errors import CallRefusedError
from fleetwright.rollout.session import RolloutSession
from fleetwright.rollout.whose_upgrade import why_not_now

log = logging.getLogger(__name__)

# A batch may take one call for each of its instances: so long after its admission the last of them may leave.
FRESH_FOR = timedelta(seconds=10)


def admit(session: RolloutSession, instances: tuple[Instance, ...], wanted: frozenset[str]) -> Selection:
    """Ask the admission function again over a fresh reading; only wanted instances may pass."""
    situation = session.situation(instances)
    if judge_whole_set(session, situation) is not None:
        return Selection((), ())
    selection = select_batch(replace(situation, zone=_zone_of(situation, wanted)))
    present = {instance.instance_id: instance for instance in instances}
    chosen = tuple(
        choice
        for choice in selection.chosen
        if choice.instance_id in wanted and not why_not_drained(present[choice.instance_id], situation)
    )
    dropped = tuple(sorted(wanted - {choice.instance_id for choice in chosen}))
    if dropped:
        log.warning(
            "%ss %s are not swapped now: the %s has changed since",
            situation.member,
            name_ids(dropped),
            situation.noun,
        )
    return replace(selection, chosen=chosen)


def _zone_of(situation: Situation, wanted: frozenset[str]) -> str | None:
    """The zone of which it is the set's turn: the wanted ones were chosen there."""
    zones = (domain_of(i, situation.policy)[0] for i in situation.instances if i.instance_id in wanted)
    return next(zones, None)


@dataclass(slots=True)
class Admission:
    """When a batch was admitted last, by the choice or by the guard of one of its calls.

    :param at: None where it has to be asked first of all
    """

    at: datetime | None = None

    def is_fresh(self, now: datetime) -> bool:
        """Whether a first attempt need not ask again."""
        return self.at is not None and now <= self.at + FRESH_FOR


@dataclass(slots=True)
class AdmissionGuard:
    """The guard of a swap: lease and turns are checked before every attempt, and what was admitted is asked again.

    :param admission: of the whole batch: its calls share it, so that one of many calls need not read the set again
    :param is_first: a moment after the admission the first attempt need not ask again; every later one has to
    """

    session: RolloutSession
    admission: Admission
    is_first: bool = True

    def __call__(self) -> None:
        """Let the attempt pass.

        :raises LeaseLostError: when the fleet is somebody else's by now
        :raises CallRefusedError: when the batch may not be swapped any more; nothing was sent
        """
        self.session.guard()
        lost = why_not_our_turn(self.session, unsent(self.session, SWAP))
        if lost:
            raise CallRefusedError(f"it was not sent: {lost}")
        is_first, self.is_first = self.is_first, False
        if is_first and self.admission.is_fresh(self.session.now()):
            return
        reason = _why_not_any_more(self.session)
        if reason:
            self.admission.at = None
            raise CallRefusedError(f"it was not sent: {reason}")
        self.admission.at = self.session.now()


def _why_not_any_more(session: RolloutSession) -> str:
    session.refresh_fleet()
    reason = opted_out(session.fleet) or why_not_now(session)
    if reason:
        return reason
    ids = frozenset(swap.instance_id for swap in unsent(session, SWAP))
    known = session.situation(session.list_instances())
    # As if the batch had not been begun: it is in the ledger, and nothing of it has been sent.
    situation = replace(known, swapped_ids=known.swapped_ids - ids, in_flight_ids=known.in_flight_ids - ids)
    stop = judge_whole_set(session, situation)
    if stop:
        return stop.message
    # One that is at work may be so for us already; where it is for somebody else, Azure refuses the call.
    at_work = frozenset(i.instance_id for i in situation.instances if not i.is_settled)
    return why_not_admitted(situation, ids - at_work)
