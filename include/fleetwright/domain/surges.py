"""A surge: new instances come first, and each takes the place of an old one that is then deleted (N15-N17)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from fleetwright.domain.ailments import Ailment, Sign
from fleetwright.domain.fleets import Fleet
from fleetwright.domain.health import (
    OPERATION_LIMIT,
    Patience,
    Verdict,
    VerdictKind,
    find_ailment,
    found_bad,
    judge_health,
    why_not_ready,
)
from fleetwright.domain.instances import HealthSource, Instance
from fleetwright.domain.records import RolloutView, SwapRecord
from fleetwright.domain.states import SwapState
from fleetwright.domain.strategy import Strategy
from fleetwright.domain.thresholds import name_ids

_UNKNOWN = Verdict(VerdictKind.WAIT, "no new instance is seen yet")


def why_in_place(fleet: Fleet, chosen: Sequence[Instance], target: str, newest: str | None) -> str:
    """Why a batch of a set with maxSurge is swapped in place all the same; empty where it may surge.

    :param newest: the version that the model gives to new instances, None where that cannot be told
    """
    if fleet.is_flexible:
        return "a Flexible set cannot surge (N17)"
    if fleet.strategy is not Strategy.REIMAGE:
        return "Azure replaces the disks of this set itself, as each batch is approved (O1)"
    if newest != target:
        return f"new instances would come up on {newest or 'an unknown version'}, and this rollout goes to {target}"
    carrying = name_ids(tuple(i.instance_id for i in chosen if i.data_disk_ids))
    if carrying:
        return f"instances {carrying} carry data disks, which would be lost with them"
    kept = name_ids(tuple(i.instance_id for i in chosen if i.protected_from_scale_in))
    return f"instances {kept} are protected from scale-in, so they must not be deleted (N23)" if kept else ""


def pair(view: RolloutView, instances: Iterable[Instance]) -> dict[str, str]:
    """Which new instance takes the place of which old one, for those that have none yet.

    New is who was not there before the surge. Those on the target version come first, then the lowest numbers.
    """
    batch = view.open_batch
    if batch is None:
        return {}
    known = {*batch.known_ids, *(swap.replacement_id for swap in view.swaps.values())}
    waiting = [s for s in view.swaps_of(batch) if s.state is SwapState.ACCEPTED and not s.replacement_id]
    target = view.rollout.settings.target_version
    fresh = sorted(
        (i for i in instances if i.instance_id not in known and i.version),
        key=lambda i: (i.version != target, i.order),
    )
    return {swap.instance_id: instance.instance_id for swap, instance in zip(waiting, fresh, strict=False)}


def judge_surge(
    swap: SwapRecord, instance: Instance | None, source: HealthSource, patience: Patience, now: datetime
) -> Verdict:
    """Judge the instance that is to take the place of an old one: as after a swap, from when it came up (R10, N15)."""
    if not swap.replacement_id:
        return _UNKNOWN
    name = f"instance {swap.replacement_id}"
    if instance is None:
        return found_bad(f"{name} that was to take its place does not exist any more", Sign.GONE)
    if instance.version != swap.new_version:
        reason = f"{name} came up on {instance.version} instead of {swap.new_version}"
        return found_bad(reason, Sign.NOT_REPLACED)
    if swap.ended_at is None:
        return _judge_coming(swap, name, now)
    verdict = judge_health(instance, source, patience, "creation", now - swap.ended_at)
    if verdict.kind is VerdictKind.HEALTHY:
        zone = f" in zone {instance.zone}" if instance.zone else ""
        return Verdict(verdict.kind, f"{name} takes its place{zone}", verdict.ready_seconds)
    return replace(verdict, reason=f"{name}: {verdict.reason}")


def _judge_coming(swap: SwapRecord, name: str, now: datetime) -> Verdict:
    if swap.attempted_at is not None and now >= swap.attempted_at + OPERATION_LIMIT:
        return found_bad(f"{name} did not come up within {OPERATION_LIMIT}", Sign.NOT_REPLACED)
    return Verdict(VerdictKind.WAIT, f"{name} is not up yet")


def is_up(instance: Instance) -> bool:
    """Whether a new instance has come so far that its health time begins."""
    return instance.power == "running" or instance.is_settled


def unfit(view: RolloutView, instances: Iterable[Instance], source: HealthSource) -> dict[str, Verdict]:
    """Old instances of the open surge that must not be deleted although their replacement was found healthy, and why."""
    batch = view.open_batch
    present = {instance.instance_id: instance for instance in instances}
    found: dict[str, Verdict] = {}
    for swap in view.swaps_of(batch) if batch else ():
        old, new = present.get(swap.instance_id), present.get(swap.replacement_id)
        if swap.state is not SwapState.HEALTHY or old is None:
            continue
        if old.protected or old.protected_from_scale_in:
            told = "it was protected in the meantime, so it stays"
            found[swap.instance_id] = found_bad(told, Sign.PROTECTED)
            continue
        ailment = Ailment(Sign.GONE) if new is None else find_ailment(new, source)
        if ailment.sign:
            why = "is gone" if new is None else why_not_ready(new, source)
            told = f"instance {swap.replacement_id} fell ill before it took over: {why}"
            found[swap.instance_id] = Verdict(VerdictKind.UNHEALTHY, told, suffered=ailment)
    return found


def leftovers(view: RolloutView, instances: Sequence[Instance]) -> tuple[str, ...]:
    """Who is to be deleted once every instance of the open surge has its verdict.

    Old ones whose replacement is healthy, and new ones that never became so. A new one is not touched while there
    are others that nobody can tell from ours: somebody else scaled the set at the same time.
    """
    batch = view.open_batch
    if batch is None:
        return ()
    swaps = view.swaps_of(batch)
    old = {swap.instance_id for swap in swaps if swap.state is SwapState.HEALTHY}
    failed = {s.replacement_id for s in swaps if s.state is SwapState.UNHEALTHY and s.replacement_id}
    doomed = old | (set() if strangers(view, instances) else failed)
    return tuple(
        i.instance_id
        for i in instances
        if i.instance_id in doomed and not (i.protected or i.protected_from_scale_in)
    )


def strangers(view: RolloutView, instances: Iterable[Instance]) -> tuple[str, ...]:
    """Instances that came up since the open surge began and that take nobody's place."""
    batch = view.open_batch
    if batch is None:
        return ()
    ours = {*batch.known_ids, *(swap.replacement_id for swap in view.swaps.values())}
    return tuple(i.instance_id for i in instances if i.instance_id not in ours)
