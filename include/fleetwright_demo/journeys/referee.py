"""What the referee has to say, without what it cannot know: a person's word, and a swap that has been given up."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from fleetwright.domain.ailments import Sign
from fleetwright.domain.records import RolloutView, TriggerKind
from fleetwright_demo.journeys.drawing import regions_of
from fleetwright_demo.journeys.evidence import Evidence

# An operation without an end has failed for its instances after that time; for the referee it is in flight for ever.
_GIVEN_UP = timedelta(minutes=30)
_TURNS = frozenset({"R46", "R48", "R49"})


def objections(evidence: Evidence) -> Iterator[str]:
    """No violation, pairs never overlap (R46), one zone at a time (R48; inside a set that crosses them C8 lifts it)."""
    audit, stuck = evidence.audit, stuck_since(evidence)
    for violation in audit["violations"]:
        if not _is_a_persons_word(evidence, violation) and not _is_about_stuck(evidence, violation, stuck):
            yield f"{violation['rule']} at {violation['at']}: {violation['detail']} ({violation['resource']})"
    if audit["pairs"]["overlapSeconds"] and not stuck:
        yield f"R46: paired regions were in flight together for {audit['pairs']['overlapSeconds']} s"
    crossing = {fleet.region for fleet in evidence.world.fleets if fleet.crosses_zones}
    for region, found in audit["regions"].items():
        count = found["maxZonesInFlightPerImage"]
        if count > 1 and region not in crossing and region not in stuck:
            yield f"R48: {count} zones of {region} were in flight for one image version"


def stuck_since(evidence: Evidence) -> Mapping[str, datetime]:
    """Regions in which an operation never ended, with the instant from which it counted as failed."""
    found: dict[str, datetime] = {}
    for fleet in evidence.world.fleets:
        for view in evidence.rollouts[fleet.name]:
            for instant in _given_up(view):
                found[fleet.region] = min(instant, found.get(fleet.region, instant))
    return found


def _given_up(view: RolloutView) -> Iterator[datetime]:
    for batch in view.batches:
        ailments = [
            sign for swap in view.swaps_of(batch) for sign in (swap.suffered.sign, swap.after_rollback.sign)
        ]
        if Sign.NO_END in ailments and batch.began_at is not None:
            yield batch.began_at + _GIVEN_UP


def _is_about_stuck(evidence: Evidence, violation: Mapping[str, str], stuck: Mapping[str, datetime]) -> bool:
    """Whether it is about others that went on after an operation had been given up in their region or its pair."""
    if violation["rule"] not in _TURNS:
        return False
    region = _region_of(evidence, violation)
    near = {region, *regions_of(evidence.world.regions).pairs_of(region)}
    at = datetime.fromisoformat(violation["at"])
    return any(since <= at for name, since in stuck.items() if name in near)


def _is_a_persons_word(evidence: Evidence, violation: Mapping[str, str]) -> bool:
    """Whether a person rolled the fleet out by hand before: what failed then is tried again, or the other way round (R42)."""
    if violation["rule"] != "R44":
        return False
    at = datetime.fromisoformat(violation["at"])
    fleet = next(fleet for fleet in evidence.world.fleets if fleet.fleet_id == violation["resource"])
    rollouts = (view.rollout for view in evidence.rollouts[fleet.name])
    return any(
        one.settings.trigger is TriggerKind.MANUAL and one.started_at is not None and one.started_at <= at
        for one in rollouts
    )


def _region_of(evidence: Evidence, violation: Mapping[str, str]) -> str:
    return next(fleet.region for fleet in evidence.world.fleets if fleet.fleet_id == violation["resource"])
