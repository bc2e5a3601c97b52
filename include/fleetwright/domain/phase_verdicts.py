"""Whether a phase has proven its version: by the health of what it upgraded, not by operations that succeeded (R47)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from fleetwright.domain.fleets import resource_name
from fleetwright.domain.phase_runs import PROVEN, STOPPED, FleetOutcome, FleetResult, PhaseState
from fleetwright.domain.phases import SuccessCondition
from fleetwright.domain.thresholds import exceeds, name_ids, share

TOO_MANY_ILL = "PhaseUnhealthyInstancePercentExceeded"
TOO_MANY_FAILED = "PhaseFailedFleetsExceeded"
MOST_NAMED = 20  # fleets of which a text says what became of them
_ALIKE_NAMED = 5  # of those that share one reason


@dataclass(frozen=True, slots=True)
class PhaseVerdict:
    """What the fleets of a phase come to.

    :param state: SUCCEEDED, FAILED, HELD where too little was proven, SUPERSEDED where a newer version went everywhere
    :param code: why it failed, in one word; empty where it did not
    """

    state: PhaseState
    reason: str = ""
    code: str = ""


def judge_outcomes(condition: SuccessCondition, outcomes: Iterable[FleetOutcome]) -> PhaseVerdict:
    """Judge a phase whose fleets are over and were just looked at (R45, R47); a breach is strict, in integers.

    A fleet that stopped without the version going bad on it (unhealthy before the start, cancelled, lost) says
    nothing against the version: too many of those hold the phase, and nothing is put away.

    >>> ill = FleetOutcome("web", FleetResult.COMPLETED, judged=10, unhealthy=3)
    >>> judge_outcomes(SuccessCondition(), [ill]).state
    <PhaseState.FAILED: 'failed'>
    """
    fleets = tuple(outcomes)
    # Fleets that were on the version before tell nothing about its arrival, and must not make the others' share small.
    upgraded = tuple(fleet for fleet in fleets if fleet.upgraded) or fleets
    judged, unhealthy = sum(f.judged for f in upgraded), sum(f.unhealthy for f in upgraded)
    stopped = [fleet for fleet in fleets if fleet.result in STOPPED]
    harmed = [fleet for fleet in stopped if fleet.is_harmed]
    if exceeds(unhealthy, judged, condition.max_unhealthy_instance_percent):
        told = _told_ill(unhealthy, judged, condition.max_unhealthy_instance_percent)
        return PhaseVerdict(PhaseState.FAILED, _with_fleets(told, fleets), TOO_MANY_ILL)
    if len(harmed) > condition.max_failed_fleets:
        told = f"{len(harmed)} of {len(fleets)} fleets failed, at most {condition.max_failed_fleets} may"
        return PhaseVerdict(PhaseState.FAILED, _with_fleets(told, fleets), TOO_MANY_FAILED)
    if len(stopped) > condition.max_failed_fleets:
        return PhaseVerdict(PhaseState.HELD, _with_fleets(_told_stopped(stopped, fleets, condition), fleets))
    if any(fleet.result in PROVEN for fleet in fleets):
        return PhaseVerdict(PhaseState.SUCCEEDED)
    if fleets and all(fleet.result is FleetResult.SUPERSEDED for fleet in fleets):
        return PhaseVerdict(PhaseState.SUPERSEDED, fleets[0].reason)
    told = "no fleet was upgraded, or is on the version: nothing is proven"
    return PhaseVerdict(PhaseState.HELD, _with_fleets(told, fleets))


def _told_ill(unhealthy: int, judged: int, percent: int) -> str:
    return (
        f"{unhealthy} of {judged} instances ({share(unhealthy, judged)}) are ill on the version or back on"
        f" their previous one, more than {percent}%"
    )


def _told_stopped(
    stopped: list[FleetOutcome], fleets: tuple[FleetOutcome, ...], condition: SuccessCondition
) -> str:
    return (
        f"{len(stopped)} of {len(fleets)} fleets did not get through, at most {condition.max_failed_fleets} may, and"
        " nothing is known against the version"
    )


def _with_fleets(told: str, fleets: tuple[FleetOutcome, ...]) -> str:
    bad = [fleet for fleet in fleets if fleet.result not in PROVEN or fleet.unhealthy]
    bad.sort(key=lambda fleet: (not fleet.is_harmed, fleet.result not in STOPPED))
    return "; ".join((told, *fleet_lines(bad)))


def fleet_lines(outcomes: Sequence[FleetOutcome], most: int = MOST_NAMED) -> list[str]:
    """A line for each fleet that is not as it should be, one for all that the same kept from starting; how many more."""
    alike: dict[object, list[FleetOutcome]] = {}
    for one in outcomes:
        key = one.fleet_id if _was_touched(one) else (one.result, one.reason)
        alike.setdefault(key, []).append(one)
    groups = list(alike.values())
    left = sum(map(len, groups[most:]))
    more = [f"and {left} more fleets"] if left else []
    return [*map(_group_line, groups[:most]), *more]


def _was_touched(fleet: FleetOutcome) -> bool:
    return bool(fleet.is_harmed or fleet.result in STOPPED or fleet.upgraded or fleet.judged or fleet.signs)


def _group_line(fleets: list[FleetOutcome]) -> str:
    first = fleets[0]
    if len(fleets) == 1:
        return fleet_line(first)
    names = name_ids([resource_name(fleet.fleet_id) for fleet in fleets], _ALIKE_NAMED)
    why = f": {first.reason.rstrip('.')}" if first.reason else ""
    return f"{len(fleets)} fleets ({names}) {first.result}{why}"


def fleet_line(outcome: FleetOutcome) -> str:
    """One fleet that is not as it should be: its name, its result, why, and which instances show what."""
    name = resource_name(outcome.fleet_id)
    ill = (
        f", {outcome.unhealthy} of {outcome.judged} instances ill or rolled back" if outcome.unhealthy else ""
    )
    why = f": {outcome.reason.rstrip('.')}" if outcome.reason else ""
    signs = f" ({'; '.join(outcome.signs)})" if outcome.signs else ""
    return f"fleet {name} {outcome.result}{ill}{why}{signs}"
