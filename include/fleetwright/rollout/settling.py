"""The end of a batch: counts, thresholds, evidence, and whether the rollout goes on."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from fleetwright.domain.batches import select_batch
from fleetwright.domain.durations import clock_text
from fleetwright.domain.events import Event
from fleetwright.domain.fleets import kind_of
from fleetwright.domain.health import TIMED_OUT as NO_END
from fleetwright.domain.health import why_not_ready
from fleetwright.domain.progress import NOTHING_TO_DO, failed_ids, swapped_count
from fleetwright.domain.records import RolloutView, SwapRecord
from fleetwright.domain.situation import Situation, Standing
from fleetwright.domain.states import RolloutState, SwapState
from fleetwright.domain.thresholds import (
    FAILED_INSTANCES,
    INTERNAL,
    TIMED_OUT,
    StopReason,
    exceeds,
    judge_upgraded,
    name_ids,
    share,
)
from fleetwright.rollout import facts, narrate
from fleetwright.rollout.check import Ending, judge_whole_set, refused_too_often, said_by_people
from fleetwright.rollout.lining_up import LONG_WAIT, step_aside
from fleetwright.rollout.news import judge_refusal
from fleetwright.rollout.opening import open_all, open_batch_nodes
from fleetwright.rollout.restoring import is_restoring, open_restoring
from fleetwright.rollout.session import RolloutSession
from fleetwright.rollout.sweeping import sweep_session

log = logging.getLogger(__name__)

# What Azure refuses now it may take a little later: somebody else's operation has to end first.
REFUSAL_PAUSE = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Settled:
    """What the end of a batch decided.

    :param ending: None when the rollout goes on
    :param resume_at: no batch begins earlier (``pauseTimeBetweenBatches``), None when there is no pause
    """

    summary: str
    ending: Ending | None = None
    resume_at: datetime | None = None


def settle_batch(session: RolloutSession, ending: Ending | None = None) -> Settled:
    """Judge the batch and the set by a fresh reading, write the evidence, and say what comes next.

    :param ending: what an earlier step of this turn has already decided
    """
    if is_restoring(session):
        return Settled(f"{session.fleet.kind.member}s are taken back before the rollout ends")
    open_batch_nodes(session)
    instances = session.list_instances()
    situation = session.situation(instances)
    failed = failed_ids(session.view, instances, session.fleet.health_source)
    summary = _thresholds_text(session, situation, failed)
    ending = (
        _decided(session.view)
        or ending
        or _stop(session, situation, failed)
        or _cancelled(session, situation, failed)
        or judge_refusal(session, situation)
        or refused_too_often(session)
        or _complete(session, situation, failed)
    )
    goes_back = open_restoring(session, ending, instances, len(session.view.batches)) if ending else None
    _close(session, failed, summary, ending, goes_back)
    if ending is not None:
        open_all(session)
    sweep_session(session)
    if ending is not None and goes_back is not None:
        return Settled(
            f"{summary}; it ends ({ending.reason.code}) once its unhealthy {session.fleet.kind.member}s are taken back"
        )
    if ending is not None:
        return Settled(f"{ending.state}: {ending.reason.message}", ending)
    return Settled(summary, resume_at=_resume_at(session, situation))


def _resume_at(session: RolloutSession, situation: Situation) -> datetime | None:
    pause = situation.policy.pause_time_between_batches
    if _was_refused(session.view):
        pause = max(pause, REFUSAL_PAUSE)
        log.info("Azure refused the batch: trying again in %s", clock_text(pause))
    elif pause:
        log.info("pausing %s before the next batch (pauseTimeBetweenBatches)", clock_text(pause))
    if pause > LONG_WAIT:
        step_aside(session)
    return session.now() + pause if pause else None


def _was_refused(view: RolloutView) -> bool:
    return bool(view.batches) and all(s.state is SwapState.REFUSED for s in view.swaps_of(view.batches[-1]))


def _decided(view: RolloutView) -> Ending | None:
    decided = view.rollout.decided
    return Ending.from_dict(decided) if decided else None


def _cancelled(session: RolloutSession, situation: Situation, failed: tuple[str, ...]) -> Ending | None:
    # A rollout with nothing left to do or to mend has completed, whatever was asked of it meanwhile.
    unfinished = failed or select_batch(situation).pending_ids
    return said_by_people(session) if unfinished and session.view.swapped_ids else None


def _close(
    session: RolloutSession,
    failed: tuple[str, ...],
    summary: str,
    ending: Ending | None,
    goes_back: Event | None,
) -> None:
    batch, now = session.view.open_batch, session.now()
    events: list[Event] = []
    if batch is not None:
        log.info("%s", narrate.settled_text(session.view, summary))
        evidence = {"failed": list(failed), "swapped": swapped_count(session.view), "summary": summary}
        events.append(facts.settled(batch.index, evidence, now))
    if ending is not None and not session.view.rollout.decided:
        events.append(facts.decided(ending.to_dict(), now))
    if goes_back is not None:
        events.append(goes_back)
    if events:
        session.write(*events)


def _stop(session: RolloutSession, situation: Situation, failed: tuple[str, ...]) -> Ending | None:
    """The first reason to stop; the upgraded threshold names it when several do."""
    view, policy = session.view, situation.policy
    impact = _what_happened(view.swaps[failed[0]], situation) if failed else ""
    stop = judge_upgraded(
        failed, swapped_count(view), policy.max_unhealthy_upgraded_instance_percent, impact, situation.member
    )
    stop = stop or _fatal(view) or _failed_rollback(view)
    if stop is None and select_batch(situation).pending_ids and view.swapped_ids:
        stop = judge_whole_set(session, situation)
    return None if stop is None else Ending(RolloutState.FAULTED, stop)


def _what_happened(swap: SwapRecord, situation: Situation) -> str:
    if swap.state is not SwapState.HEALTHY:
        return swap.verdict_reason
    present = (i for i in situation.instances if i.instance_id == swap.instance_id)
    return next((f"fell ill later: {why_not_ready(i, situation.health_source)}" for i in present), "")


def _fatal(view: RolloutView) -> StopReason | None:
    swap = next((swap for swap in view.swaps.values() if swap.fatal), None)
    if swap is None:
        return None
    code = TIMED_OUT if swap.fatal == NO_END else INTERNAL
    member = kind_of(view.rollout.settings.fleet_id).member
    message = f"Rolling Upgrade stopped: {member} {swap.instance_id}: {swap.verdict_reason}."
    return StopReason(code, message)


def _failed_rollback(view: RolloutView) -> StopReason | None:
    failed = [swap for swap in view.swaps.values() if swap.state is SwapState.ROLLBACK_FAILED]
    if not failed:
        return None
    ids = name_ids(tuple(swap.instance_id for swap in failed))
    member = kind_of(view.rollout.settings.fleet_id).member
    message = (
        f"Rolling Upgrade stopped and does not continue: the rollback of {len(failed)} failed {member}s "
        f"({ids}) failed as well; the first said: {failed[0].verdict_reason}."
    )
    return StopReason(FAILED_INSTANCES, message)


def _complete(session: RolloutSession, situation: Situation, failed: tuple[str, ...]) -> Ending | None:
    selection = select_batch(situation)
    if selection.pending_ids:
        return None
    left = {c.instance_id: c.reason for c in selection.left_out if c.standing is Standing.LEFT_BUSY}
    if not session.view.swapped_ids and not left:
        return Ending(RolloutState.COMPLETED, nothing_to_do(situation))
    swapped = swapped_count(session.view)
    message = (
        f"{swapped - len(failed)} of {swapped + len(left)} {situation.member}s upgraded to "
        f"{situation.target_version} in {len(session.view.batches)} batches"
    )
    if failed:
        message += f"; failed: {name_ids(failed)}"
    if left:
        message += f"; {len(left)} left busy: " + "; ".join(f"{i}: {why}" for i, why in left.items())
    return Ending(RolloutState.COMPLETED, StopReason("Completed", message))


def nothing_to_do(situation: Situation) -> StopReason:
    """Why a rollout has no batches: everything is on the target already, or must not be touched."""
    left = select_batch(situation).left_out
    on_target = sum(choice.standing is Standing.ON_TARGET for choice in left)
    others = [c for c in left if c.standing is not Standing.ON_TARGET]
    message = f"{on_target} of {situation.total} {situation.member}s run {situation.target_version} already"
    for row in narrate.left_out_rows(others):
        message += f"; {row}"
    return StopReason(NOTHING_TO_DO, message)


def _thresholds_text(session: RolloutSession, situation: Situation, failed: tuple[str, ...]) -> str:
    swapped, policy = swapped_count(session.view), situation.policy
    unhealthy = len(situation.unhealthy_ids)
    upgraded_limit, set_limit = (
        policy.max_unhealthy_upgraded_instance_percent,
        policy.max_unhealthy_instance_percent,
    )
    return (
        f"failed {len(failed)} of {swapped} upgraded ({share(len(failed), swapped)}, allowed {upgraded_limit}%"
        f"{': exceeded' if exceeds(len(failed), swapped, upgraded_limit) else ''}); "
        f"unhealthy {unhealthy} of {situation.total} in the {situation.noun} ({share(unhealthy, situation.total)}, allowed "
        f"{set_limit}%{': exceeded' if exceeds(unhealthy, situation.total, set_limit) else ''})"
    )
