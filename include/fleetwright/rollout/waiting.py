"""Waiting for verdicts, after a swap and after a rollback: one process for both.

The whole set is read once a poll. A list may lag behind, so nothing is called failed because a list
still shows the old disk: the operation is asked, and then the instance itself.
"""

from __future__ import annotations

import logging
from collections.abc import Generator, Mapping
from datetime import datetime, timedelta
from typing import Any

from fleetwright.domain.ailments import Sign
from fleetwright.domain.health import Verdict, VerdictKind, found_bad
from fleetwright.domain.instances import Instance
from fleetwright.domain.records import RolloutView, SwapRecord
from fleetwright.domain.states import SwapState
from fleetwright.rollout import facts
from fleetwright.rollout.acts import ROLLBACK, Act
from fleetwright.rollout.effects import Effect, Process, ReadInstance, ReadInstances, ReadWords, Write
from fleetwright.rollout.heeding import Words
from fleetwright.rollout.ports.operations import OperationState, OperationStatus
from fleetwright.rollout.processes import KeepLease, ReadOperation, WaitUntil
from fleetwright.rollout.provider_errors import TransientError
from fleetwright.rollout.retiring import wait_for_retired
from fleetwright.rollout.session import RolloutSession
from fleetwright.rollout.surge_looks import look_at_surge

log = logging.getLogger(__name__)

# A silent provider is asked again for this long, then the wait itself gives up and the step is retried.
SILENCE_LIMIT = timedelta(minutes=30)
# So long after its call nothing is called failed yet for being untouched.
MOMENT_OF_ACCEPTANCE = timedelta(seconds=5)
# A large set is read in pages, each of them a call: it is looked at no more often than once a second for each.
PAGE_SIZE, PAGE_PAUSE = 250, timedelta(seconds=1)


def wait_for_verdicts(session: RolloutSession, act: Act) -> Process:
    """Wait until every instance of the open batch has its verdict; each verdict is written when it falls."""
    if session.view.is_surging and act is ROLLBACK:
        yield from wait_for_retired(session)
        return
    silent_since: datetime | None = None
    heard, size = Words(), 0
    while awaited(session.view, act):
        yield KeepLease()
        heard = yield from _listen(heard)
        try:
            size = yield from _look(session, act)
            silent_since, next_look = None, _next_look(session, act, size)
        except TransientError as error:
            silent_since = silent_since or session.now()
            if session.now() - silent_since > SILENCE_LIMIT:
                raise
            pause = max(session.poll, error.retry_after)
            log.warning("Azure did not answer (%s); looking again in %g s", error, pause.total_seconds())
            next_look = session.now() + pause
        if awaited(session.view, act):
            yield WaitUntil(next_look)


def _listen(heard: Words) -> Generator[Effect, Any, Words]:
    words: Words = yield ReadWords()
    if words.cancel is not None and heard.cancel is None:
        who, why = words.cancel.actor, words.cancel.reason
        log.warning("cancelled by %s (%s): the rollout ends once this batch has its verdicts", who, why)
    for hold in words.holds if words.holds != heard.holds else ():
        log.warning("the rollout waits once this batch has its verdicts: %s", hold)
    return words


def awaited(view: RolloutView, act: Act) -> tuple[SwapRecord, ...]:
    """The swaps of the open batch that have no verdict yet."""
    batch = view.open_batch
    return () if batch is None else tuple(s for s in view.swaps_of(batch) if s.state in act.awaiting)


def _look(session: RolloutSession, act: Act) -> Generator[Effect, Any, int]:
    return look_at_surge(session, _ask_operations) if session.view.is_surging else _look_once(session, act)


def _look_once(session: RolloutSession, act: Act) -> Generator[Effect, Any, int]:
    """Read the set and judge what can be judged; return how many instances it has."""
    instances: tuple[Instance, ...] = yield ReadInstances()
    present = {instance.instance_id: instance for instance in instances}
    replaced = {
        swap.instance_id: present[swap.instance_id].os_disk_id
        for swap in awaited(session.view, act)
        if swap.ended_at is None and act.is_done(swap, present.get(swap.instance_id))
    }
    if replaced:
        yield Write((facts.swapped(replaced, session.now(), act.replaced),))
    yield from _decide(session, act, (yield from _read_verdicts(session, act, present)))
    failed = yield from _look_closer(session, act, present)
    yield from _decide(session, act, failed)
    return len(instances)


def _verdicts(session: RolloutSession, act: Act, present: Mapping[str, Instance]) -> dict[str, Verdict]:
    source, patience, now = session.fleet.health_source, session.patience, session.now()
    verdicts = {
        swap.instance_id: act.judge(swap, present.get(swap.instance_id), source, patience, now)
        for swap in awaited(session.view, act)
    }
    return {i: verdict for i, verdict in verdicts.items() if verdict.kind is not VerdictKind.WAIT}


def _read_verdicts(
    session: RolloutSession, act: Act, present: Mapping[str, Instance]
) -> Generator[Effect, Any, dict[str, Verdict]]:
    """The verdicts over a list, and over the machine itself where its preserved disk was put back (O7).

    Such a machine may show the same disk before its start and after, so a list that lags would tell of the time before.
    """
    verdicts = _verdicts(session, act, present)
    doubtful = [i for i in verdicts if act is ROLLBACK and session.view.swaps[i].preserves_disk]
    if not doubtful:
        return verdicts
    seen = dict(present)
    for instance_id in doubtful:
        instance: Instance | None = yield ReadInstance(instance_id)
        if instance is None:
            seen.pop(instance_id, None)
        else:
            seen[instance_id] = instance
    return _verdicts(session, act, seen)


def _decide(session: RolloutSession, act: Act, decided: Mapping[str, Verdict]) -> Process:
    if decided:
        yield Write((facts.judged(decided, _states(decided, act), session.now()),))
        _tell(session, act, decided)


def _look_closer(
    session: RolloutSession, act: Act, present: Mapping[str, Instance]
) -> Generator[Effect, Any, dict[str, Verdict]]:
    """Find the instances whose operation is over although they never showed the new disk."""
    suspects = [
        swap
        for swap in awaited(session.view, act)
        if swap.ended_at is None and _seems_untouched(swap, present.get(swap.instance_id), act)
    ]
    if not suspects:
        return {}
    errors, over = yield from _ask_operations(session)
    failed: dict[str, Verdict] = {}
    for swap in suspects if over and _is_old_enough(session, suspects) else ():
        instance: Instance | None = yield ReadInstance(swap.instance_id)
        if instance is not None and _seems_untouched(swap, instance, act):
            error = errors.get(swap.instance_id)
            reason = _why_not_done(swap, instance, act) + (f" ({error})" if error else "")
            failed[swap.instance_id] = found_bad(reason, Sign.NOT_REPLACED)
    return failed


def _why_not_done(swap: SwapRecord, instance: Instance, act: Act) -> str:
    """What the instance shows, read back after the end of its operation (O5)."""
    if instance.version in {swap.old_version, swap.new_version}:
        return f"the {act.name} failed, it still runs {instance.version}"
    return f"the {act.name} brought {instance.version or 'an unknown version'}, not {act.version_of(swap)}"


def _ask_operations(session: RolloutSession) -> Generator[Effect, Any, tuple[dict[str, str], bool]]:
    """What the last operation of each instance said where it failed, and whether all of them are over."""
    batch = session.view.open_batch
    errors: dict[str, str] = {}
    over, moves = True, {}
    for url, members in batch.operations if batch else ():
        try:
            status: OperationStatus = yield ReadOperation(url)
        except TransientError as unread:
            log.warning("%s; looking again", unread)
            over = False
            continue
        over = over and status.state is not OperationState.RUNNING
        errors |= dict.fromkeys(members, status.error)
        if status.url != url:
            moves[url] = status.url
    if moves:
        yield Write((facts.moved(moves, session.now()),))
    return errors, over


def _is_old_enough(session: RolloutSession, suspects: list[SwapRecord]) -> bool:
    # A call may be accepted a moment before Azure shows the instance at work, or knows its operation.
    since = session.now() - MOMENT_OF_ACCEPTANCE
    return all(swap.attempted_at is None or swap.attempted_at <= since for swap in suspects)


def _seems_untouched(swap: SwapRecord, instance: Instance | None, act: Act) -> bool:
    return instance is not None and instance.is_settled and not act.is_done(swap, instance)


def _states(decided: Mapping[str, Verdict], act: Act) -> dict[str, SwapState]:
    return {i: act.good if v.kind is VerdictKind.HEALTHY else act.bad for i, v in decided.items()}


def _next_look(session: RolloutSession, act: Act, size: int) -> datetime:
    now = session.now()
    pause = max(session.poll, PAGE_PAUSE * (size // PAGE_SIZE))
    deadlines = [
        swap.ended_at + session.health_timeout
        for swap in awaited(session.view, act)
        if swap.ended_at is not None
    ]
    return min([now + pause, *(deadline for deadline in deadlines if deadline > now)])


def _tell(session: RolloutSession, act: Act, decided: Mapping[str, Verdict]) -> None:
    member = session.fleet.kind.member
    for instance_id, verdict in decided.items():
        swap = session.view.swaps[instance_id]
        version = act.version_of(swap)
        if verdict.kind is VerdictKind.HEALTHY:
            seconds = verdict.ready_seconds or 0.0
            log.info(
                "%s %s is healthy on %s, %.1f s after its %s", member, instance_id, version, seconds, act.name
            )
        else:
            log.warning("%s %s is unhealthy after its %s: %s", member, instance_id, act.name, verdict.reason)
