"""One look at a surge that is under way: who came up, in whose place, and how it fares (N15)."""

from __future__ import annotations

import logging
from collections.abc import Callable, Generator, Mapping
from typing import Any

from fleetwright.domain.ailments import Sign
from fleetwright.domain.health import Verdict, VerdictKind, found_bad
from fleetwright.domain.instances import Instance
from fleetwright.domain.records import SwapRecord
from fleetwright.domain.states import AWAITING_VERDICT, SwapState
from fleetwright.domain.surges import is_up, judge_surge, pair
from fleetwright.rollout import facts
from fleetwright.rollout.effects import Effect, Process, ReadInstance, ReadInstances, Write
from fleetwright.rollout.session import RolloutSession

log = logging.getLogger(__name__)

AskOperations = Callable[[RolloutSession], Generator[Effect, Any, tuple[dict[str, str], bool]]]


def look_at_surge(session: RolloutSession, ask: AskOperations) -> Generator[Effect, Any, int]:
    """Read the set and judge what can be judged; return how many instances it has.

    :param ask: asks the batch's operations: what those that failed said, by instance, and whether all of them are over
    """
    instances: tuple[Instance, ...] = yield ReadInstances()
    present = {instance.instance_id: instance for instance in instances}
    found = pair(session.view, instances)
    if found:
        yield Write((facts.surged(found, session.now()),))
        _tell_places(found, present)
    yield from _see_who_is_up(session, present)
    verdicts = yield from _verdicts(session, present)
    yield from _decide(session, verdicts)
    missing = yield from _never_came(session, ask)
    yield from _decide(session, missing)
    return len(instances)


def _awaiting(session: RolloutSession) -> tuple[SwapRecord, ...]:
    batch = session.view.open_batch
    return tuple(s for s in session.view.swaps_of(batch) if s.state in AWAITING_VERDICT) if batch else ()


def _see_who_is_up(session: RolloutSession, present: Mapping[str, Instance]) -> Process:
    disks = {
        swap.instance_id: present[swap.replacement_id].os_disk_id
        for swap in _awaiting(session)
        if swap.ended_at is None and swap.replacement_id in present and is_up(present[swap.replacement_id])
    }
    if disks:
        yield Write((facts.swapped(disks, session.now()),))


def _verdicts(
    session: RolloutSession, present: Mapping[str, Instance]
) -> Generator[Effect, Any, dict[str, Verdict]]:
    source, patience = session.fleet.health_source, session.patience
    verdicts: dict[str, Verdict] = {}
    for swap in _awaiting(session):
        instance = present.get(swap.replacement_id)
        if instance is None and swap.replacement_id:
            instance = yield ReadInstance(swap.replacement_id)  # a list may lag behind
        verdict = judge_surge(swap, instance, source, patience, session.now())
        if verdict.kind is not VerdictKind.WAIT:
            verdicts[swap.instance_id] = verdict
    return verdicts


def _never_came(session: RolloutSession, ask: AskOperations) -> Generator[Effect, Any, dict[str, Verdict]]:
    missing = [swap for swap in _awaiting(session) if not swap.replacement_id]
    if not missing:
        return {}
    errors, over = yield from ask(session)
    now, limit = session.now(), session.health_timeout
    verdicts: dict[str, Verdict] = {}
    for swap in missing if over else ():
        error = errors.get(swap.instance_id)
        if error or (swap.attempted_at is not None and now >= swap.attempted_at + limit):
            reason = "no new instance came up" + (f" ({error})" if error else "")
            verdicts[swap.instance_id] = found_bad(reason, Sign.NOT_REPLACED)
    return verdicts


def _decide(session: RolloutSession, verdicts: Mapping[str, Verdict]) -> Process:
    if not verdicts:
        return
    states = {
        i: SwapState.HEALTHY if v.kind is VerdictKind.HEALTHY else SwapState.UNHEALTHY
        for i, v in verdicts.items()
    }
    yield Write((facts.judged(verdicts, states, session.now()),))
    for instance_id, verdict in verdicts.items():
        level = logging.INFO if verdict.kind is VerdictKind.HEALTHY else logging.WARNING
        log.log(level, "instance %s is %s: %s", instance_id, _WORDS[verdict.kind], verdict.reason)


_WORDS = {VerdictKind.HEALTHY: "replaced", VerdictKind.UNHEALTHY: "not replaced, it stays"}


def _tell_places(found: Mapping[str, str], present: Mapping[str, Instance]) -> None:
    for old, new in found.items():
        place = f" in zone {present[new].zone}" if present[new].zone else ""
        log.info("new instance %s came up%s; it is to take the place of %s", new, place, old)
