"""The live choice of a batch in its turn, and the waits before one: for budget, for a pause to pass, for a release."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from fleetwright.domain.batches import select_batch
from fleetwright.domain.instances import Instance
from fleetwright.domain.situation import Selection, Situation
from fleetwright.domain.states import RolloutState
from fleetwright.domain.thresholds import IN_ROLLOUT, StopReason, name_ids
from fleetwright.rollout import narrate
from fleetwright.rollout.check import Ending, check_health
from fleetwright.rollout.draining import heed_deadlines, take_idle
from fleetwright.rollout.effects import Process, ReadInstances, ReadWords
from fleetwright.rollout.heeding import SHORTEST_LOOK, Words, read_words, tell_halts
from fleetwright.rollout.lining_up import granted_zone, line_up, step_aside
from fleetwright.rollout.opening import open_all
from fleetwright.rollout.planning import make_plan
from fleetwright.rollout.processes import KeepLease, WaitUntil
from fleetwright.rollout.provider_errors import TransientError
from fleetwright.rollout.repairs import resume_repairs, suspend_repairs
from fleetwright.rollout.session import RolloutSession

log = logging.getLogger(__name__)


class Wait(StrEnum):
    """For what the choice of a batch may have to wait."""

    BUDGET = "budget"  # something is left, and nothing fits
    RELEASE = "release"  # a person holds it, or its fleet's window is closed
    IDLE = "idle"  # whoever is to be swapped next is still at work
    TURN = "turn"  # others go first in the region's zones, or in a paired region


@dataclass(frozen=True, slots=True)
class Chosen:
    """What the step came to.

    :param instance_ids: the batch; empty when there is none to begin now
    :param wait: None where there is nothing to wait for; else wait, then ``choose_again``
    :param since: when that wait began
    """

    instance_ids: tuple[str, ...] = ()
    wait: Wait | None = None
    since: datetime | None = None
    ending: Ending | None = None


def choose_batch(session: RolloutSession, waited_since: datetime | None = None) -> Chosen:
    """Choose the next batch, or go on with the one that an earlier holder left open.

    :param waited_since: when the wait for budget began; after the health timeout the rollout stops
    """
    batch = session.view.open_batch
    if batch is not None:
        return Chosen(batch.instance_ids)
    instances = heed_deadlines(session, session.list_instances())
    selection = select_batch(session.situation(instances))
    if not selection.chosen and not selection.pending_ids:
        return Chosen()
    if read_words(session).halts:
        # It may take days: until then the set's repairs are its own again (O8), its nodes take work, and the zones are
        # the others'.
        resume_repairs(session)
        open_all(session)
        step_aside(session)
        return Chosen(wait=Wait.RELEASE, since=session.now())
    if selection.chosen:
        return _choose_in_turn(session, session.situation(instances))
    if waited_since is not None and session.now() >= waited_since + session.health_timeout:
        return Chosen(ending=_stop(session, selection, instances))
    log.info(
        "%d %ss are left and none fits the budget: %s are out of service; waiting for them up to %g s",
        len(selection.pending_ids),
        session.fleet.kind.member,
        name_ids(selection.blockers),
        session.settings.health_timeout_seconds,
    )
    step_aside(session)
    return Chosen(wait=Wait.BUDGET, since=waited_since or session.now())


def _choose_in_turn(session: RolloutSession, situation: Situation) -> Chosen:
    """Choose where it is this fleet's turn, or find that others go first (R46, R48)."""
    answer = line_up(session, situation)
    if not answer.is_granted:
        if not session.view.swapped_ids:
            resume_repairs(session)  # whoever has not begun may wait for hours
        open_all(session)
        return Chosen(wait=Wait.TURN, since=session.now())
    selection = select_batch(replace(situation, zone=granted_zone(session, answer)))
    index = len(session.view.batches)
    log.info("%s", narrate.batch_text(index, selection, situation))
    if situation.waits_for_work:
        return _take_idle(session, selection, situation)
    return Chosen(selection.chosen_ids)


def _take_idle(session: RolloutSession, selection: Selection, situation: Situation) -> Chosen:
    """Close what was chosen; what is idle is the batch, what is at work goes on draining beside it (R55)."""
    taken = take_idle(session, selection, situation)
    if isinstance(taken, Ending):
        return Chosen(ending=taken)
    if taken:
        return Chosen(taken)
    step_aside(session)
    return Chosen(wait=Wait.IDLE, since=session.now())


def choose_again(session: RolloutSession, before: Chosen) -> Chosen:
    """Choose after a wait, which may have been long: whether the fleet is still ours and well is asked again.

    What is left is planned anew after a hold, and before the first batch; what has changed meanwhile is told.
    """
    session.refresh_fleet()
    ending = check_health(session)
    if ending is not None:
        return Chosen(ending=ending)
    if before.wait is Wait.BUDGET:
        return choose_batch(session, before.since)
    if before.wait is Wait.IDLE or (before.wait is Wait.TURN and session.view.swapped_ids):
        return choose_batch(session)
    suspend_repairs(session, make_plan(session, session.warnings))
    return choose_batch(session)


def wait_for_budget(session: RolloutSession, since: datetime) -> Process:
    """Wait until something fits the budget, or nothing is left, or the health timeout is over, or somebody says so."""
    deadline = since + session.health_timeout
    while session.now() < deadline:
        yield KeepLease()
        words: Words = yield ReadWords()
        if words.cancel is not None or words.halts:
            return
        try:
            instances: tuple[Instance, ...] = yield ReadInstances()
        except TransientError as error:
            log.warning("Azure did not answer (%s); looking again", error)
        else:
            selection = select_batch(session.situation(instances))
            if selection.chosen or not selection.pending_ids:
                return
        yield WaitUntil(min(session.now() + session.poll, deadline))


def wait_for_pause(session: RolloutSession, until: datetime) -> Process:
    """Let the pause between two batches pass (``pauseTimeBetweenBatches``); a cancel ends it early, a hold never does."""
    while session.now() < until:
        words: Words = yield ReadWords()
        if words.cancel is not None:
            log.info("the rollout was cancelled: the pause ends here")
            return
        tell_halts(session, words.holds)
        yield WaitUntil(min(until, session.now() + max(session.poll, SHORTEST_LOOK)))


def _stop(session: RolloutSession, selection: Selection, instances: tuple[Instance, ...]) -> Ending:
    situation = session.situation(instances)
    message = (
        f"{len(selection.pending_ids)} {situation.member}s are left and none fits: at most {situation.cap} of "
        f"{situation.total} may be out of service, and {situation.member}s {name_ids(selection.blockers)} still were after "
        f"{session.settings.health_timeout_seconds:g} s. Bring them back, then start the rollout again."
    )
    return Ending(RolloutState.FAULTED, StopReason(IN_ROLLOUT, message))
